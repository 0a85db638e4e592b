#include "mesh/balance/maglev.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <string>
#include <utility>

#include "core/base/hash.h"

namespace weir::mesh {
namespace {

using upstream::Member;
using upstream::Pick;

// Sizes of the table, with kEntriesPerMember or more.
constexpr std::uint32_t kSmallTable = 65'537;
constexpr std::uint32_t kMediumTable = 1'000'003;
constexpr std::uint32_t kLargeTable = 5'000'011;
constexpr std::uint32_t kEntriesPerMember = 100;
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

// The entries taken so far.
class Filling {
 public:
  Filling(std::span<Member* const> members, std::size_t size) : table_(size, kFree) {
    preferences_.reserve(members.size());
    for (const Member* member : members) {
      preferences_.emplace_back(member->endpoint.address.text(), size);
    }
  }

  bool full() const { return filled_ == table_.size(); }
  // The member takes the free entry that it prefers.
  void take(std::uint32_t member) {
    Preference& preference = preferences_[member];
    std::uint64_t entry = preference.next(table_.size());
    while (table_[entry] != kFree) entry = preference.next(table_.size());
    table_[entry] = member;
    ++filled_;
  }
  std::vector<std::uint32_t> finish() { return std::move(table_); }

 private:
  std::vector<std::uint32_t> table_;
  std::vector<Preference> preferences_;
  std::size_t filled_ = 0;
};

// A member of half the greatest weight has a turn in every second round.
void takeTurnsByWeight(std::span<Member* const> members, Filling& filling) {
  struct Turn {
    double round;
    std::uint32_t member;
    bool operator>(const Turn& other) const {
      return round != other.round ? round > other.round : member > other.member;
    }
  };
  std::vector<double> rounds;  // from one turn of a member to its next
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  std::uint32_t heaviest = 0;
  for (const Member* member : members) heaviest = std::max(heaviest, member->endpoint.weight);
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    rounds.push_back(static_cast<double>(heaviest) / members[i]->endpoint.weight);
    turns.push({std::ceil(rounds.back()), i});
  }
  std::vector<double> taken(members.size());
  while (!filling.full()) {
    const std::uint32_t member = turns.top().member;
    turns.pop();
    filling.take(member);
    turns.push({std::ceil((++taken[member] + 1) * rounds[member]), member});
  }
}

std::vector<std::uint32_t> filledTable(std::span<Member* const> members, std::size_t size) {
  Filling filling(members, size);
  const std::uint32_t first_weight = members.front()->endpoint.weight;
  const bool equal = std::all_of(members.begin(), members.end(), [&](const Member* member) {
    return member->endpoint.weight == first_weight;
  });
  if (!equal) takeTurnsByWeight(members, filling);
  const auto count = static_cast<std::uint32_t>(members.size());
  for (std::uint32_t member = 0; !filling.full(); member = (member + 1) % count) {
    filling.take(member);
  }
  return filling.finish();
}

}  // namespace

void MaglevBalancer::Config::read(config::Table& table, Config& out) {
  table.read("table_size", out.table_size,
             "Number of entries of the table, a prime number. With 100 entries per endpoint the "
             "shares of endpoints of equal weight differ by less than 1 %. auto: 65,537 for up to "
             "655 endpoints, 1,000,003 for up to 10,000, else 5,000,011.",
             {.min = 251, .max = kLargeTable, .none = "auto"});
  readLoadFactor(table, out.load_factor);
  if (out.table_size && !isPrime(*out.table_size)) {
    table.fail("table_size", "must be a prime number");
  }
}

std::size_t MaglevBalancer::tableSize() const {
  if (config_.table_size) return *config_.table_size;
  if (members_.size() <= kSmallTable / kEntriesPerMember) return kSmallTable;
  return members_.size() <= kMediumTable / kEntriesPerMember ? kMediumTable : kLargeTable;
}

void MaglevBalancer::setMembers(std::span<Member* const> members) {
  members_ = sortedByAddress(members);
  load_.setMembers(members_);
  table_.clear();
  if (!members_.empty()) table_ = filledTable(members_, tableSize());
}

Member* MaglevBalancer::pick(const Pick& pick) {
  if (table_.empty()) return nullptr;
  const std::size_t start = (pick.key ? mixed(*pick.key) : random_.next()) % table_.size();
  for (std::size_t i = 0; i < kWalk; ++i) {
    Member* member = members_[table_[(start + i) % table_.size()]];
    if (load_.mayTake(*member, pick.tried)) return member;
  }
  return load_.pickAny(members_, pick.tried, table_[start]);
}

}  // namespace weir::mesh
