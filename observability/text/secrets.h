#pragma once

#include <functional>
#include <string_view>

#include "core/base/arena.h"

namespace weir {

// True if a parameter of this name usually holds a secret: every name that contains "token",
// "secret", "password", "signature" or the like, and "key", "code", "state", "sig" and the like as
// complete names. Case and percent-encoding do not matter.
bool isSecretParameter(std::string_view name);

// The query with the values of such parameters replaced by "REDACTED"; the query itself if it has
// none, else in the arena.
std::string_view redactedQuery(std::string_view query, Arena& arena);

// Calls visit(piece) with the pieces of that query.
void visitRedacted(std::string_view query, const std::function<void(std::string_view)>& visit);

}  // namespace weir
