#pragma once

#include <string>
#include <string_view>

// The program's own messages, on stderr, one line each. Not the access log, and never called on
// the path of a healthy request.
namespace weir::log {

enum class Level { kDebug, kInfo, kWarning, kError };

void setLevel(Level level);
Level level();

void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

}  // namespace weir::log
