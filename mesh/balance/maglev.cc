#include "mesh/balance/maglev.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <string>

#include "core/base/hash.h"
#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {
namespace {

using upstream::Member;
using upstream::Pick;

// Entries at which pick() looks before it takes any available member.
constexpr std::size_t kWalk = 20;
constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kOffsetSeed = 1;
constexpr std::uint64_t kSkipSeed = 2;

bool isPrime(std::uint32_t number) {
  if (number < 4) return number > 1;
  if (number % 2 == 0) return false;
  for (std::uint32_t divisor = 3; divisor <= number / divisor; divisor += 2) {
    if (number % divisor == 0) return false;
  }
  return true;
}

// The entries that a member would like to have, in its order of preference: a permutation of all
// entries, because the size of the table is prime.
class Preference {
 public:
  Preference(const std::string& name, std::uint64_t size)
      : next_(stableHash(name, kOffsetSeed) % size),
        skip_(stableHash(name, kSkipSeed) % (size - 1) + 1) {}

  std::uint64_t next(std::uint64_t size) {
    const std::uint64_t entry = next_;
    next_ = next_ + skip_ < size ? next_ + skip_ : next_ + skip_ - size;
    return entry;
  }

 private:
  std::uint64_t next_;
  std::uint64_t skip_;
};

// Members take turns; in each one takes the free entry that it prefers. A member of half the
// greatest weight has a turn in every second round.
std::vector<std::uint32_t> filledTable(std::span<Member* const> members, std::size_t size) {
  struct Turn {
    double round;
    std::uint32_t member;
    bool operator>(const Turn& other) const {
      return round != other.round ? round > other.round : member > other.member;
    }
  };
  std::vector<Preference> preferences;
  std::vector<double> rounds;  // from one turn of a member to its next
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  std::uint32_t heaviest = 0;
  for (const Member* member : members) heaviest = std::max(heaviest, member->endpoint.weight);
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    preferences.emplace_back(members[i]->endpoint.address.text(), size);
    rounds.push_back(static_cast<double>(heaviest) / members[i]->endpoint.weight);
    turns.push({std::ceil(rounds.back()), i});
  }
  std::vector<std::uint32_t> table(size, kFree);
  std::vector<double> taken(members.size());
  for (std::size_t filled = 0; filled < size; ++filled) {
    const std::uint32_t member = turns.top().member;
    turns.pop();
    std::uint64_t entry = preferences[member].next(size);
    while (table[entry] != kFree) entry = preferences[member].next(size);
    table[entry] = member;
    turns.push({std::ceil((++taken[member] + 1) * rounds[member]), member});
  }
  return table;
}

}  // namespace

void MaglevBalancer::Config::read(config::Table& table, Config& out) {
  table.read("table_size", out.table_size,
             "Number of entries of the table, a prime number. With 100 entries per endpoint the "
             "shares of endpoints of equal weight differ by less than 1 %.",
             {.min = 251, .max = 5'000'011});
  table.read("load_factor", out.load_factor,
             "Maximum load of an endpoint, relative to its share of the requests in flight on the "
             "worker. A request whose endpoint has more goes to another one. off: no limit.",
             {.min = 1, .max = 100, .none = "off"});
  if (!isPrime(out.table_size)) table.fail("table_size", "must be a prime number");
}

void MaglevBalancer::setMembers(std::span<Member* const> members) {
  members_.assign(members.begin(), members.end());
  std::sort(members_.begin(), members_.end(), [](const Member* left, const Member* right) {
    return left->endpoint.address < right->endpoint.address;
  });
  total_weight_ = 0;
  for (const Member* member : members_) total_weight_ += member->endpoint.weight;
  table_.clear();
  if (!members_.empty()) table_ = filledTable(members_, config_.table_size);
}

// Whether one more request would be more than the member's share, times the load factor.
bool MaglevBalancer::isFull(const Member& member) const {
  if (!config_.load_factor) return false;
  const double share = (in_flight_ + 1.0) * member.endpoint.weight / total_weight_;
  return member.in_flight + 1.0 > *config_.load_factor * std::ceil(share);
}

Member* MaglevBalancer::pick(const Pick& pick) {
  if (table_.empty()) return nullptr;
  const std::size_t start = (pick.key ? mixed(*pick.key) : random_.next()) % table_.size();
  for (std::size_t i = 0; i < kWalk; ++i) {
    Member* member = members_[table_[(start + i) % table_.size()]];
    if (member->available && !contains(pick.tried, member) && !isFull(*member)) return member;
  }
  return pickOutsideWalk(pick, table_[start]);
}

// Few members are available, or all were tried: one that was not tried, full or not, else any.
Member* MaglevBalancer::pickOutsideWalk(const Pick& pick, std::size_t start) const {
  Member* tried = nullptr;
  Member* full = nullptr;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member* member = members_[(start + i) % members_.size()];
    if (!member->available) continue;
    if (contains(pick.tried, member)) {
      if (tried == nullptr) tried = member;
    } else if (isFull(*member)) {
      if (full == nullptr) full = member;
    } else {
      return member;
    }
  }
  return full != nullptr ? full : tried;
}

}  // namespace weir::mesh
