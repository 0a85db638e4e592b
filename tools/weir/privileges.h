#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace weir {

// The user to which a process started as root changes.
struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // including `group`
};

bool runsAsRoot();

// Finds a user by name, or by number if the machine has no such user, as in a container; nullopt if
// there is none.
std::optional<Account> findAccount(const std::string& name);

// Gives up root and all capabilities irrevocably, in every thread and in threads started later.
// Returns an error message, or an empty text.
std::string becomeUser(const Account& account);

}  // namespace weir
