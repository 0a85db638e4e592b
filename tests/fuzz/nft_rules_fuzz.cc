#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "mesh/intercept/rules.h"

namespace weir::mesh::intercept {
namespace {

std::ptrdiff_t countOf(std::string_view text, char c) { return std::ranges::count(text, c); }

// Names must not change the structure of the text: its lines, strings and braces.
void check(std::string_view table, std::string_view cgroup) {
  RuleOptions plain;
  plain.cgroup = "a";
  const std::string expected = rulesFor(plain).value();
  RuleOptions hostile = plain;
  hostile.table = table;
  hostile.cgroup = cgroup;
  const auto text = rulesFor(hostile);
  WEIR_CHECK(removalOf(table).ok() || !text.ok());
  if (!text.ok() || cgroup.empty()) return;
  for (const char c : std::string_view("\n\"{};#$")) {
    WEIR_CHECK(countOf(text.value(), c) == countOf(expected, c));
  }
  WEIR_CHECK(std::ranges::all_of(
      text.value(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; }));
}

}  // namespace
}  // namespace weir::mesh::intercept

// A table and a cgroup, divided by a line feed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  weir::mesh::intercept::check(text.substr(0, end), text.substr(std::min(end + 1, text.size())));
  return 0;
}
