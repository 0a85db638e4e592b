#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "gateway/auth/api_key/key_table.h"
#include "gateway/auth/line_file.h"

// Any file of keys is refused with a line and a reason, or each of its keys can be found.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::gateway;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  api_key::KeyTableBuilder builder(size);
  std::size_t good = 0;
  LineCutter cutter([&](std::string_view line) {
    std::string what = builder.add(line);
    good += what.empty() ? 1 : 0;
    return what;
  });
  constexpr std::size_t kStep = 7;
  for (std::size_t at = 0; at < size; at += kStep) cutter.feed(text.substr(at, kStep));
  cutter.finish();
  for (const LineFault& fault : cutter.faults()) WEIR_CHECK(fault.line > 0 && !fault.what.empty());
  const auto table = builder.finish();
  WEIR_CHECK(table->size() == good);
  if (cutter.stopped()) return 0;
  LineCutter again([&](std::string_view line) {
    api_key::KeyLine parsed;
    if (!parsed.parse(line).empty()) return std::string();
    const auto facts = table->find(parsed.digest);
    WEIR_CHECK(facts.has_value() && !facts->id.empty() && !facts->consumer.empty());
    return std::string();
  });
  again.feed(text);
  again.finish();
  return 0;
}
