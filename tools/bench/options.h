#pragma once

#include <charconv>
#include <map>
#include <string>
#include <string_view>

namespace weir::bench {

// The options of a command line: `--name value`, or `--name` alone for a switch. Ends the process
// with status 2 if an option was not declared by take() before finish().
class Options {
 public:
  Options(int argc, char** argv);

  std::string take(const std::string& name, std::string fallback);
  bool takeSwitch(const std::string& name);

  template <typename Number>
  Number takeNumber(const std::string& name, Number fallback) {
    const std::string text = take(name, "");
    if (text.empty()) return fallback;
    Number value{};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) refuse(name, "is not a number");
    return value;
  }

  // Call after all options were taken: any option left is an error.
  void finish() const;

 private:
  [[noreturn]] static void refuse(std::string_view name, std::string_view why);

  std::map<std::string, std::string> given_;
};

}  // namespace weir::bench
