#pragma once

#include <array>
#include <cstdint>

namespace weir {

// xoshiro256**: fast, not for secrets. One per worker; tests pass a seed.
class Random {
 public:
  Random();  // seeded by the operating system
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound); 0 when bound is 0
  double unit();                             // uniform in [0, 1)

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace weir
