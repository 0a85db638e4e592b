#include "gateway/auth/network_set.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weir::gateway {
namespace {

constexpr int kMappedPrefix = 96;  // ::ffff:0:0/96 holds the addresses of IPv4
constexpr std::size_t kFirstBits = 16;
constexpr std::size_t kStarts = (std::size_t{1} << kFirstBits) + 1;
constexpr std::uint64_t kMappedWord = 0xFFFF;

std::uint64_t bigEndian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i) value = value << 8U | bytes[i];
  return value;
}

// The lowest `count` bits, of at most 64.
std::uint64_t lowBits(int count) {
  if (count <= 0) return 0;
  return std::numeric_limits<std::uint64_t>::max() >> (64 - std::min(count, 64));
}

// Sorts ranges and joins those that overlap.
template <typename Ranges>
void joinRanges(Ranges& ranges) {
  std::ranges::sort(ranges, {}, [](const auto& range) { return range.first; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (kept > 0 && ranges[i].first <= ranges[kept - 1].last) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, ranges[i].last);
    } else {
      ranges[kept++] = ranges[i];
    }
  }
  ranges.resize(kept);
}

}  // namespace

NetworkSet::Address6 NetworkSet::numberOf(const IpAddress& address) {
  return {bigEndian(address.bytes().data()), bigEndian(address.bytes().data() + 8)};
}

bool NetworkSet::contains(const IpAddress& address) const {
  const Address6 number = numberOf(address);
  if (number.high == 0 && number.low >> 32U == kMappedWord) {
    return all_v4_ || contains4(static_cast<std::uint32_t>(number.low));
  }
  return contains6(number);
}

bool NetworkSet::contains4(std::uint32_t address) const {
  if (v4_.empty()) return false;
  const std::size_t at = address >> kFirstBits;
  const auto begin = v4_.begin() + starts_[at];
  const auto end = v4_.begin() + starts_[at + 1];
  const auto found =
      std::lower_bound(begin, end, address,
                       [](const auto& range, std::uint32_t value) { return range.last < value; });
  return found != v4_.end() && found->first <= address;
}

bool NetworkSet::contains6(const Address6& address) const {
  const auto found =
      std::lower_bound(v6_.begin(), v6_.end(), address,
                       [](const auto& range, const Address6& value) { return range.last < value; });
  return found != v6_.end() && found->first <= address;
}

void NetworkSet::index() {
  joinRanges(v4_);
  joinRanges(v6_);
  v4_.shrink_to_fit();
  v6_.shrink_to_fit();
  starts_.resize(kStarts);
  std::size_t range = 0;
  for (std::size_t i = 0; i < kStarts; ++i) {
    const std::uint64_t first = std::uint64_t{i} << kFirstBits;
    while (range < v4_.size() && v4_[range].last < first) ++range;
    starts_[i] = static_cast<std::uint32_t>(range);
  }
}

std::string NetworkSetBuilder::add(std::string_view line) {
  const auto range = IpRange::parse(line);
  if (!range) {
    return "is not an address or a network such as 203.0.113.0/24, with zeros after the prefix";
  }
  add(*range);
  return {};
}

void NetworkSetBuilder::add(const IpRange& range) {
  const NetworkSet::Address6 first = NetworkSet::numberOf(range.network());
  const int bits = range.prefixBits();
  const int free = 128 - bits;
  const bool mapped = first.high == 0 && first.low >> 32U == kMappedWord;
  if (mapped && bits >= kMappedPrefix) {
    const auto low = static_cast<std::uint32_t>(first.low);
    set_->v4_.push_back({low, low | static_cast<std::uint32_t>(lowBits(free))});
    return;
  }
  const NetworkSet::Address6 last = {first.high | lowBits(free - 64), first.low | lowBits(free)};
  set_->v6_.push_back({first, last});
  const NetworkSet::Address6 any_v4 = {0, kMappedWord << 32U};
  if (first <= any_v4 && any_v4 <= last) set_->all_v4_ = true;
}

std::shared_ptr<const NetworkSet> NetworkSetBuilder::finish() {
  set_->index();
  return std::move(set_);
}

FileContent<NetworkSet> NetworkSet::read(const std::string& path) {
  NetworkSetBuilder builder;
  FileContent<NetworkSet> content;
  content.faults = readLines(path, [&](std::string_view line) { return builder.add(line); });
  if (content.faults.empty()) content.table = builder.finish();
  return content;
}

}  // namespace weir::gateway
