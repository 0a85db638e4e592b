#pragma once

#include <string>
#include <string_view>

namespace weir::gateway::basic {

// What is wrong with the hash of a password, as it stands in a file of htpasswd; empty: nothing.
// Refused are forms that are quickly guessed (MD5, SHA-1, DES, plain text), and those that cost so
// much that a few requests would occupy the processors.
std::string_view faultOf(std::string_view hash);

// Whether the hash is that of the password. Takes a tenth of a second or so: never call it on the
// thread of a loop.
bool isPassword(const std::string& password, const std::string& hash);

// A hash that no password has, for names that are unknown.
inline constexpr std::string_view kNobody =
    "$2y$10$abcdefghijklmnopqrstuu0000000000000000000000000000000";

}  // namespace weir::gateway::basic
