#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ip_range.h"
#include "gateway/auth/file_table.h"

namespace weir::gateway {

// The networks of a file, one in each line, such as "203.0.113.0/24". Networks that overlap or
// touch are joined, so that an address is in the set if it is in the last range that begins before
// it. For IPv4, a table of the first 16 bits leads to the few ranges that matter. Immutable.
class NetworkSet {
 public:
  static FileContent<NetworkSet> read(const std::string& path);

  bool contains(const IpAddress& address) const;

 private:
  friend class NetworkSetBuilder;

  struct Address6 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend auto operator<=>(const Address6&, const Address6&) = default;
  };
  template <typename Address>
  struct Range {
    Address first{};
    Address last{};
  };

  static Address6 numberOf(const IpAddress& address);
  bool contains4(std::uint32_t address) const;
  bool contains6(const Address6& address) const;
  void index();

  std::vector<Range<std::uint32_t>> v4_;  // sorted, as is the next
  std::vector<Range<Address6>> v6_;
  // For each value of the first 16 bits, the first range of IPv4 that ends there or later.
  std::vector<std::uint32_t> starts_;
  bool all_v4_ = false;
};

// Makes a set from lines.
class NetworkSetBuilder {
 public:
  NetworkSetBuilder() : set_(std::make_unique<NetworkSet>()) {}

  // What is wrong with the line; empty: nothing.
  std::string add(std::string_view line);
  void add(const IpRange& range);
  std::shared_ptr<const NetworkSet> finish();

 private:
  std::unique_ptr<NetworkSet> set_;
};

}  // namespace weir::gateway
