#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace weir::http {

// A cleartext client with prior knowledge may start HTTP/2 at once (RFC 9113, 3.3); its first bytes
// identify it.
class Preface {
 public:
  enum class Says : std::uint8_t { kMore, kHttp1, kHttp2 };

  bool read() const { return seen_ == kRead; }  // no byte remains to be examined
  void skip() { seen_ = kRead; }                // the version is already known
  // Not after a result other than kMore.
  Says look(Bytes bytes) {
    const std::string_view wanted = kStart.substr(seen_);
    const std::string_view came = asText(bytes).substr(0, wanted.size());
    if (came.size() < wanted.size() && wanted.starts_with(came)) {
      seen_ = static_cast<std::uint8_t>(seen_ + came.size()) & kRead;
      return Says::kMore;
    }
    before_ = seen_;
    seen_ = kRead;
    return came == wanted ? Says::kHttp2 : Says::kHttp1;
  }
  // The bytes that preceded those of the deciding call.
  std::string_view before() const { return kStart.substr(0, before_); }

 private:
  static constexpr std::string_view kStart = "PRI ";  // no HTTP/1 method begins like this
  static constexpr std::uint8_t kRead = 0x0F;

  std::uint8_t seen_ : 4 = 0;
  std::uint8_t before_ : 4 = 0;
};

}  // namespace weir::http
