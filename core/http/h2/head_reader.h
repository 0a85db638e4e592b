#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/http/limits.h"
#include "core/http/message.h"

namespace weir::http::h2 {

// Builds a head or trailers from fields as they arrive (RFC 9113, 8.1 to 8.3). nghttp2 has already
// checked names, values, and the order and number of pseudo-header fields.
class HeadReader {
 public:
  explicit HeadReader(const Limits& limits) : limits_(limits) {}

  // Each begins a block. The message outlives the block; text is copied to the message's arena.
  void begin(Request& request);
  void begin(Response& response);
  void beginTrailers(Headers& trailers);
  void add(std::string_view name, std::string_view value);

  // After begin(Request&). `ends`: no body follows.
  Result<void> finishRequest(bool ends);
  // After begin(Response&); `method` is that of the request.
  Result<void> finishResponse(bool ends, Method method);
  // After beginTrailers().
  Result<void> finishTrailers(Origin from) const;
  // Regardless of the limits.
  void setTooLarge() { too_large_ = true; }

 private:
  void start(Headers& headers);
  void addPseudo(std::string_view name, std::string_view value);
  bool addFraming(HeaderId id, std::string_view value);
  Result<void> readTarget();
  Result<void> readConnect();
  void joinCookies();
  Arena& arena() { return headers_->arena(); }

  const Limits limits_;
  Headers* headers_ = nullptr;  // receives the fields
  Request* request_ = nullptr;  // at most one of the two is set; neither for trailers
  Response* response_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t fields_ = 0;
  std::uint32_t cookies_ = 0;
  bool too_large_ = false;
  bool bad_length_ = false;
  bool bad_expect_ = false;
  bool has_length_ = false;
  std::uint64_t length_ = 0;
  std::string_view host_;
  std::string_view target_;
  std::string_view protocol_;
  std::string_view scheme_;  // "http", "https" or empty; static
};

}  // namespace weir::http::h2
