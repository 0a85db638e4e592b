#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"

// The log of the process, one line per message. Not the access log, and never called on the path
// of a healthy request.
namespace weir::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

std::string_view toString(Level level);

void setLevel(Level level);
Level level();
inline bool writes(Level wanted) { return wanted >= level(); }

void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

struct Line {
  Level level;
  Nanoseconds time;  // since 1970
  std::string_view message;
};
// The line as it is written, including the newline. Control characters are escaped.
std::string lineText(const Line& line, Format format);

// Receives the lines, from any thread.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(const Line& line) = 0;
};

// Sends the lines to `sink` instead of writing them to stderr directly; null restores stderr. Call
// it while no other thread logs. The sink outlives its use.
void setSink(Sink* sink);

}  // namespace weir::log
