#include "tools/weir/privileges.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

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

std::string failure(const char* what) {
  return std::string(what) + ": " + std::generic_category().message(errno);
}

// Changing all three user IDs clears the capabilities; this verifies it.
bool hasCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return true;
  for (const auto& set : sets) {
    if (set.effective != 0 || set.permitted != 0) return true;
  }
  return false;
}

}  // namespace

bool runsAsRoot() { return ::geteuid() == 0; }

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

std::string becomeUser(const Account& account) {
  if (::setgroups(account.groups.size(), account.groups.data()) != 0) return failure("setgroups");
  if (::setresgid(account.group, account.group, account.group) != 0) return failure("setresgid");
  if (::setresuid(account.user, account.user, account.user) != 0) return failure("setresuid");
  if (account.user == 0) return {};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("PR_SET_NO_NEW_PRIVS");
  if (::setuid(0) == 0) return "root privileges could be regained";
  if (hasCapabilities()) return "capabilities remain";
  return {};
}

}  // namespace weir
