#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "tests/support/parser_comparison.h"

// A message, as a request and as a response: HeadScanner and llhttp must read the same.
namespace weir::fuzz {
namespace {

using test::ParserComparison;

// Parser collects more in several pieces; then a limit can be noticed before a mistake behind it.
constexpr std::size_t kMostBytes = 2000;

void check(ParserComparison& readers, std::string_view bytes) {
  WEIR_CHECK(readers.differenceOfRequest(bytes).empty());
  WEIR_CHECK(readers.differenceOfResponse(bytes).empty());
  WEIR_CHECK(readers.differenceOfResponse(bytes, http::Method::kHead).empty());
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > weir::fuzz::kMostBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static weir::test::ParserComparison readers;
  static weir::test::ParserComparison within_limits(
      {.head_bytes = 200, .target_bytes = 20, .headers = 4});
  weir::fuzz::check(readers, bytes);
  weir::fuzz::check(within_limits, bytes);
  return 0;
}
