#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::jose {

// The signature algorithms (RFC 7518, 3.1, and RFC 8037). There is no "none".
enum class Algorithm : std::uint8_t {
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,  // with Ed25519
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kHs256,
  kHs384,
  kHs512,
};
inline constexpr int kAlgorithmCount = static_cast<int>(Algorithm::kHs512) + 1;

std::string_view nameOf(Algorithm algorithm);  // "ES256"
// Names are case-sensitive.
std::optional<Algorithm> algorithmNamed(std::string_view name);

inline bool isSymmetric(Algorithm algorithm) { return algorithm >= Algorithm::kHs256; }

class AlgorithmSet {
 public:
  AlgorithmSet() = default;
  // All algorithms with a public key.
  static AlgorithmSet asymmetric() { return AlgorithmSet(bitOf(Algorithm::kHs256) - 1); }
  static AlgorithmSet symmetric() {
    return AlgorithmSet(((1U << kAlgorithmCount) - 1) & ~(bitOf(Algorithm::kHs256) - 1));
  }

  void add(Algorithm algorithm) { bits_ |= bitOf(algorithm); }
  bool has(Algorithm algorithm) const { return (bits_ & bitOf(algorithm)) != 0; }
  bool empty() const { return bits_ == 0; }
  friend bool operator==(const AlgorithmSet&, const AlgorithmSet&) = default;

 private:
  explicit AlgorithmSet(std::uint32_t bits) : bits_(bits) {}
  static std::uint32_t bitOf(Algorithm algorithm) { return 1U << static_cast<unsigned>(algorithm); }

  std::uint32_t bits_ = 0;
};

}  // namespace weir::jose
