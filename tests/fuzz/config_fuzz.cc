#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/config/settings.h"
#include "core/config/toml_writer.h"
#include "tests/core/config/sample.h"

namespace weir::config {
namespace {

sample::Sample readSample(std::string_view text, Mistakes& mistakes) {
  const Dialect dialect = sample::dialect();
  sample::Sample sample;
  Document document = Document::parse(text, "fuzz.toml", mistakes);
  readSettings(document, dialect, sample, mistakes);
  return sample;
}

std::string printed(const sample::Sample& sample) {
  return tomlText(showSettings(sample, sample::dialect(), Show::kChanges));
}

// Whatever is read without mistakes is printed in a form that reads the same.
void check(std::string_view text) {
  Mistakes mistakes;
  const sample::Sample sample = readSample(text, mistakes);
  WEIR_CHECK(mistakes.text().empty() == mistakes.empty());
  WEIR_CHECK(mistakes.json().starts_with('['));
  if (!mistakes.empty()) return;
  const std::string once = printed(sample);
  const std::string twice = printed(readSample(once, mistakes));
  WEIR_CHECK(mistakes.empty());
  WEIR_CHECK(twice == once);
}

}  // namespace
}  // namespace weir::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::config::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
