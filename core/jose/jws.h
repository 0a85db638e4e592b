#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/jose/algorithm.h"
#include "core/jose/json.h"
#include "core/jose/key.h"

namespace weir::jose {

// A signed token in the compact form (RFC 7515, 7.1) whose header has been read. Nothing in it may
// be trusted until isSignedBy() a key that is known from elsewhere: `jwk`, `jku`, `x5u` and `x5c`
// of the header are never used.
class Jws {
 public:
  // `compact` must outlive the result. Fails, with a static detail, for any extension that the
  // sender declares critical (`crit`), an unencoded payload (`b64`), and encrypted tokens.
  static Result<Jws> read(std::string_view compact);

  Algorithm algorithm() const { return algorithm_; }
  std::optional<std::string_view> keyId() const;
  // `typ` without "application/", as written; empty: none.
  std::string_view type() const;
  bool isSignedBy(const Key& key) const {
    return key.verifies(algorithm_, signed_text_, signature_);
  }
  // Decoded. Fails if it is not base64url.
  Result<std::string> payload() const;
  std::string_view encodedPayload() const { return payload_; }

 private:
  explicit Jws(Json header) : header_(std::move(header)) {}
  Result<void> readHeader();

  Json header_;
  Algorithm algorithm_ = Algorithm::kEs256;
  std::string_view signed_text_;
  std::string_view payload_;
  std::string signature_;
};

// Whether `typ` of a token names the media type `type`, with or without "application/", in any
// case.
bool isType(std::string_view typ, std::string_view type);

}  // namespace weir::jose
