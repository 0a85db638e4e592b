#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/principal.h"
#include "gateway/auth/jwt/claim_values.h"
#include "gateway/auth/jwt/settings.h"

namespace weir::gateway::jwt {

// A token with a good signature that may be used now. Immutable.
class VerifiedToken {
 public:
  // `text` is the token; its claims have been checked.
  VerifiedToken(std::string_view text, jose::Claims claims, const Settings& settings);
  VerifiedToken(const VerifiedToken&) = delete;
  VerifiedToken& operator=(const VerifiedToken&) = delete;

  const std::string& text() const { return text_; }
  std::string_view encodedPayload() const;
  // The texts live as long as the token.
  http::Principal principal() const;
  // The values of the settings' claim headers in their order; empty: the token lacks the claim.
  const std::vector<std::string>& headers() const { return headers_; }
  // Why the token does not suffice.
  jose::Refusal requirement() const { return requirement_; }
  Nanoseconds refusedFrom() const { return refused_from_; }
  // The SHA-256 of the client certificate to which the token is bound (RFC 8705, 3.1), in
  // hexadecimal; empty: it is not bound.
  const std::string& boundTo() const { return bound_to_; }

 private:
  const std::string text_;
  const jose::Claims claims_;
  const ClaimValues values_;
  const std::vector<std::string_view> scopes_;
  const std::vector<std::string_view> groups_;
  const jose::Refusal requirement_;
  const Nanoseconds refused_from_;
  std::vector<std::string> headers_;
  std::string bound_to_;
};

struct Verification {
  std::shared_ptr<const VerifiedToken> token;  // null: refused
  jose::Refusal refusal;
  bool unknown_key = false;  // newer keys may change the result
};

// Verifies a token completely. `now`: wall clock.
Verification verify(std::string_view text, const Settings& settings, const jose::KeySet& keys,
                    Nanoseconds now);

}  // namespace weir::gateway::jwt
