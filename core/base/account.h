#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace weir {

// A user of this machine.
struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // including `group`
};

// Finds a user by name, or by number if the machine has no such user, as in a container; nullopt if
// there is none.
std::optional<Account> findAccount(const std::string& name);

}  // namespace weir
