#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/table.h"
#include "core/filter/control.h"
#include "core/http/message.h"
#include "gateway/auth/credential.h"

namespace weir::gateway::forward_auth {

// The parts of a request on which an answer may depend.
class CacheKey {
 public:
  static constexpr std::size_t kMostBytes = 8192;  // of a key; longer ones are not used
  static constexpr std::size_t kMostParts = 16;

  static CacheKey read(const std::vector<std::string>& parts, config::Table& table,
                       std::string_view setting);

  // Different for requests that differ in any part. Nothing if an answer to this request must not
  // be kept: a part is missing or ambiguous, or it has credentials that are not in the key. In the
  // arena.
  std::optional<std::string_view> of(const http::Request& request,
                                     const filter::Control& control) const;
  // Whether the values of this field of requests are in the key.
  bool covers(std::string_view header) const;
  bool operator==(const CacheKey&) const = default;

 private:
  enum class Kind : std::uint8_t {
    kCredential,
    kMethod,
    kScheme,
    kHost,
    kPath,
    kQuery,
    kClientAddress,
    kIdentity
  };
  struct Part {
    Kind kind = Kind::kMethod;
    std::vector<authn::CredentialPlace> place = {};  // one, of kCredential

    bool operator==(const Part&) const = default;
  };

  static std::optional<Part> parse(std::string_view text);
  bool has(Kind kind) const;
  bool coversCredentials(const http::Request& request, const filter::Control& control) const;
  static std::optional<std::string_view> valueOf(const Part& part, const http::Request& request,
                                                 const filter::Control& control);

  std::vector<Part> parts_;
};

}  // namespace weir::gateway::forward_auth
