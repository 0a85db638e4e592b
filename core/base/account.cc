#include "core/base/account.h"

#include <array>
#include <charconv>
#include <grp.h>
#include <pwd.h>
#include <system_error>
#include <unistd.h>

// Tested in tests/integration/privileges_test.py.
namespace weir {
namespace {

constexpr std::size_t kLongestEntry = 16 * 1024;
constexpr int kMostGroups = 256;

std::optional<uid_t> numberOf(const std::string& name) {
  uid_t number = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

std::vector<gid_t> groupsOf(const std::string& name, gid_t group) {
  std::vector<gid_t> groups(kMostGroups);
  int count = kMostGroups;
  if (::getgrouplist(name.c_str(), group, groups.data(), &count) < 0) count = kMostGroups;
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

std::optional<Account> findAccount(const std::string& name) {
  std::array<char, kLongestEntry> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return Account{name, entry.pw_uid, entry.pw_gid, groupsOf(name, entry.pw_gid)};
  }
  const auto number = numberOf(name);
  if (!number) return std::nullopt;
  if (::getpwuid_r(*number, &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    const std::string known = entry.pw_name;
    return Account{known, entry.pw_uid, entry.pw_gid, groupsOf(known, entry.pw_gid)};
  }
  return Account{name, *number, *number, {*number}};
}

}  // namespace weir
