#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/jose/json.h"
#include "core/jose/jws.h"
#include "core/jose/key.h"

namespace weir::jose {

// A public key with its description (RFC 7517).
struct Jwk {
  std::optional<std::string> id;       // `kid`
  std::optional<Algorithm> algorithm;  // `alg`: the only one for which the key may be used
  Key key;

  // Fails, with a static detail, unless the object is a public key for verifying signatures.
  static Result<Jwk> read(Json::Value object);
  bool fits(Algorithm with) const {
    return key.fits(with) && (!algorithm.has_value() || *algorithm == with);
  }
};

// The keys of an issuer.
class KeySet {
 public:
  static constexpr std::size_t kMostBytes = 512_KiB;
  static constexpr std::size_t kMostKeys = 100;

  enum class Outcome : std::uint8_t {
    kGood,
    kUnknownKey,  // no key has the id that the token names
    kUnfitting,   // the keys are for other algorithms
    kForged,
  };

  // Keys of other types and uses, and those that are not valid, are left out (RFC 7517, 5). Fails
  // if no key remains.
  static Result<KeySet> parse(std::string_view text);
  // With a single key for all tokens.
  static KeySet of(Key key);

  Outcome verify(const Jws& jws) const;
  bool knows(std::string_view id) const;
  std::size_t size() const { return keys_.size(); }
  std::size_t leftOut() const { return left_out_; }
  // Why the last key that was left out is not used; empty: none was.
  std::string_view whyLeftOut() const { return why_left_out_; }

 private:
  std::vector<Jwk> keys_;
  bool any_id_ = false;  // ids of tokens are ignored
  std::size_t left_out_ = 0;
  std::string_view why_left_out_;
};

}  // namespace weir::jose
