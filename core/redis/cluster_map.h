#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/net/address.h"

namespace weir::redis {

inline constexpr std::size_t kSlots = 16'384;

// The slot of a key: that of its part between braces, if it has one.
std::uint16_t slotOf(std::string_view key);

// A primary of a cluster, with the first and the last slot of each of its ranges.
struct Primary {
  std::optional<net::Address> address;  // nullopt: the server itself, which does not know it yet
  std::vector<std::pair<std::uint16_t, std::uint16_t>> slots;

  friend bool operator==(const Primary&, const Primary&) = default;
};

// The primaries with slots in the text of CLUSTER NODES, without those that have failed. Lines that
// cannot be read are left out.
std::vector<Primary> readClusterNodes(std::string_view text);

// "MOVED 3999 127.0.0.1:6381", or the same with ASK.
struct Redirection {
  std::uint16_t slot = 0;
  net::Address address;
};
std::optional<Redirection> readRedirection(std::string_view error);

}  // namespace weir::redis
