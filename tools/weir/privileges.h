#pragma once

#include <string>

#include "core/base/account.h"

namespace weir {

bool runsAsRoot();

// Gives up root and all capabilities irrevocably, in every thread and in threads started later.
// Returns an error message, or an empty text.
std::string becomeUser(const Account& account);

}  // namespace weir
