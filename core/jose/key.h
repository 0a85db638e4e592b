#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/result.h"
#include "core/jose/algorithm.h"

namespace weir::jose {

// A key that verifies signatures: a public key or a shared secret.
//
// Immutable; used by several threads at once.
class Key {
 public:
  enum class Kind : std::uint8_t { kRsa, kP256, kP384, kP521, kEd25519, kSecret };

  // Numbers are big-endian. Each fails, with a static detail, for a key that is not valid or too
  // weak.
  static Result<Key> rsa(std::string_view modulus, std::string_view exponent);
  // A point on P-256, P-384 or P-521; the coordinates have their full length.
  static Result<Key> point(Kind curve, std::string_view x, std::string_view y);
  static Result<Key> ed25519(std::string_view bytes);
  static Result<Key> secret(std::string_view bytes);

  Key(Key&&) noexcept;
  Key& operator=(Key&&) noexcept;
  ~Key();

  Kind kind() const;
  // Whether signatures of the algorithm can be verified with a key of this kind and size.
  bool fits(Algorithm algorithm) const;
  // Whether `signature` is the signature of `text`; false if the key does not fit.
  bool verifies(Algorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  struct Parts;
  explicit Key(std::unique_ptr<const Parts> parts);

  std::unique_ptr<const Parts> parts_;
};

}  // namespace weir::jose
