#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/diagnostics.h"

namespace weir::gateway {

// A line of a file that cannot be used; line 0: the file as a whole.
struct LineFault {
  std::size_t line = 0;  // from 1
  std::string what;

  std::string text(std::string_view path) const;  // "keys.txt:3: is not a key"
};

// Cuts a text that arrives in pieces into lines. Blank lines and those that begin with "#" are left
// out, as are spaces at both ends of the others.
class LineCutter {
 public:
  static constexpr std::size_t kMostBytes = 4096;       // of a line
  static constexpr std::size_t kMostLines = 1'000'000;  // that are not left out
  static constexpr std::size_t kMostFaults = 10;        // the rest of the text is not read

  // Returns the mistake in a line; empty: none.
  using Add = std::function<std::string(std::string_view line)>;

  explicit LineCutter(Add add) : add_(std::move(add)) {}

  void feed(std::string_view piece);
  void finish();  // the end of the text
  const std::vector<LineFault>& faults() const { return faults_; }
  bool stopped() const { return stopped_; }  // the rest of the text makes no difference

 private:
  void keep(std::string_view part);
  void take(std::string_view line);
  void fail(std::string what);

  const Add add_;
  std::string rest_;  // the line of which only the beginning has arrived
  std::size_t number_ = 0;
  std::size_t taken_ = 0;
  bool stopped_ = false;
  std::vector<LineFault> faults_;
};

// Reads a file line by line.
std::vector<LineFault> readLines(const std::string& path, const LineCutter::Add& add);

// The size of a file in bytes; 0 if it cannot be had.
std::size_t sizeOfFile(const std::string& path);

// Differs for a file that was changed or replaced; all zeros: there is none.
using FilePrint = std::array<std::int64_t, 5>;
FilePrint printOf(const std::string& path);

// Reports each fault of a file at its position. `setting`: that names the file.
void report(const std::vector<LineFault>& faults, const std::string& path,
            const std::string& setting, config::Diagnostics& diagnostics);

}  // namespace weir::gateway
