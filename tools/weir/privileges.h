#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace weir {

// A user that a process started as root becomes.
struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // all of them
};

bool runsAsRoot();

// By name, or by number where the machine has no such user, as in a container; none when it has
// not.
std::optional<Account> findAccount(const std::string& name);

// Gives up root and all capabilities for good, in every thread. What failed, or an empty text.
// Threads that are started later have no more rights.
std::string becomeUser(const Account& account);

}  // namespace weir
