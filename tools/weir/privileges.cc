#include "tools/weir/privileges.h"

#include <array>
#include <cerrno>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace weir {
namespace {

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
