#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/expr/compile.h"
#include "tests/core/expr/sample_facts.h"

namespace weir::expr {
namespace {

// Every value is readable: a wild view is found by the sanitizers.
std::size_t sizeOfAll(const Value& value) {
  if (value.kind() == Kind::kString || value.kind() == Kind::kBytes) return value.text().size();
  std::size_t size = 1;
  if (value.kind() != Kind::kList) return size;
  for (const Value& item : value.items()) size += sizeOfAll(item);
  return size;
}

void evaluate(const Program& program, const SampleFacts& facts) {
  BlockPool pool(4096);
  Arena arena(pool);
  const Value value = program.evaluate(facts, arena);
  const Kind kind = program.type().kind();
  WEIR_CHECK(value.isFault() || kind == Kind::kDyn || kind == value.kind());
  // Elements of variables are at most 100 times as large as the memory of an evaluation.
  WEIR_CHECK(sizeOfAll(value) <= 100 * Budget::kMaxBytes);
}

}  // namespace
}  // namespace weir::expr

// Any text is either refused with a position within it, or is evaluated within its limits to a
// value of its type.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::expr;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Mistake mistake;
  const auto program = compile(text, kSampleSchema, std::nullopt, mistake);
  if (program == nullptr) {
    WEIR_CHECK(!mistake.what.empty() && mistake.offset <= size);
    return 0;
  }
  SampleFacts facts;
  evaluate(*program, facts);
  facts.change("ints", Value::list({}));
  facts.change("zero", Value::missing());
  facts.change("any.number", Value::string("a"));
  evaluate(*program, facts);
  return 0;
}
