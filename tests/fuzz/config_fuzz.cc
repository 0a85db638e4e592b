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

}  // namespace
}  // namespace weir::config

// Whatever is read without mistakes is printed in a form that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::config;
  Mistakes mistakes;
  const sample::Sample sample = readSample({reinterpret_cast<const char*>(data), size}, mistakes);
  if (!mistakes.empty()) {
    WEIR_CHECK(!mistakes.text().empty() && !mistakes.json().empty());
    return 0;
  }
  const std::string text = printed(sample);
  WEIR_CHECK(printed(readSample(text, mistakes)) == text);
  WEIR_CHECK(mistakes.empty());
  return 0;
}
