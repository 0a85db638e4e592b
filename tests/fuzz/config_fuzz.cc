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

sample::Sample readSample(std::string_view text, Diagnostics& diagnostics) {
  const Extensions extensions = sample::extensions();
  sample::Sample sample;
  Document document = Document::parse(text, "fuzz.toml", diagnostics);
  readSettings(document, extensions, sample, diagnostics);
  return sample;
}

std::string printed(const sample::Sample& sample) {
  return tomlText(showSettings(sample, sample::extensions(), Show::kChanges));
}

// A text without diagnostics is printed in a form with the same meaning.
void check(std::string_view text) {
  Diagnostics diagnostics;
  const sample::Sample sample = readSample(text, diagnostics);
  WEIR_CHECK(diagnostics.text().empty() == diagnostics.empty());
  WEIR_CHECK(diagnostics.json().starts_with('['));
  if (!diagnostics.empty()) return;
  const std::string once = printed(sample);
  const std::string twice = printed(readSample(once, diagnostics));
  WEIR_CHECK(diagnostics.empty());
  WEIR_CHECK(twice == once);
}

}  // namespace
}  // namespace weir::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::config::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
