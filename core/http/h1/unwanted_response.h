#pragma once

#include <cstdint>
#include <optional>

#include "core/base/arena.h"
#include "core/http/h1/parser.h"
#include "core/http/h1/rest_of_body.h"

namespace weir::http::h1 {

// The response to a cancelled request. It is read and discarded, so that the connection can carry
// the next request, unless it proves to be long.
class UnwantedResponse {
 public:
  // Closing the connection is cheaper than reading more.
  static constexpr std::uint64_t kMostBytes = 64 * 1024;

  enum class Event : std::uint8_t { kNeedMore, kEnd, kFailed };  // kFailed: it is not reusable

  // Nothing of the response has arrived.
  UnwantedResponse(BlockPool& pool, Method method, const Limits& limits)
      : arena_(pool), response_(arena_), limits_(limits), method_(method) {}
  // The head of the response has arrived.
  UnwantedResponse(BlockPool& pool, const RestOfBody& rest, const Limits& limits)
      : arena_(pool), response_(arena_), limits_(limits), rest_(rest) {}

  // Consumes `input` from its front. kNeedMore leaves it empty.
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
