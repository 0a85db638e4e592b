#pragma once

#include <cstdint>
#include <optional>

#include "core/base/arena.h"
#include "core/http/h1/parser.h"
#include "core/http/h1/rest_of_body.h"

namespace weir::http::h1 {

// The answer to a request that was taken back. It is read and dropped, so that the connection can
// carry the next request, unless it turns out to be long.
class UnwantedResponse {
 public:
  // More than this is not worth a connection.
  static constexpr std::uint64_t kMostBytes = 64 * 1024;

  enum class Event : std::uint8_t { kNeedMore, kEnd, kFailed };  // failed: the connection is no use

  // Nothing of it has come.
  UnwantedResponse(BlockPool& pool, Method method, const Limits& limits)
      : arena_(pool), response_(arena_), limits_(limits), method_(method) {}
  // Its head has come.
  UnwantedResponse(BlockPool& pool, const RestOfBody& rest, const Limits& limits)
      : arena_(pool), response_(arena_), limits_(limits), rest_(rest) {}

  // Takes from the front of `input`. kNeedMore leaves it empty.
  Event next(Bytes& input);

 private:
  Event parse(Bytes& input);
  Event readHead();
  void begin();

  Arena arena_;
  Response response_;
  const Limits& limits_;
  Parser* parser_ = nullptr;
  std::optional<RestOfBody> rest_;
  Method method_ = Method::kGet;
  std::uint64_t taken_ = 0;
};

}  // namespace weir::http::h1
