#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/expr/compile.h"
#include "tests/core/expr/sample_facts.h"

namespace weir::expr {

// The result of an expression over the sample variables, or "offset: mistake (suggestion)".
inline std::string resultOf(std::string_view text, const Facts& facts) {
  Mistake mistake;
  const auto program = compile(text, kSampleSchema, std::nullopt, mistake);
  if (program == nullptr) {
    return std::to_string(mistake.offset) + ": " + mistake.what +
           (mistake.suggestion.empty() ? "" : " (" + mistake.suggestion + ")");
  }
  BlockPool pool(4096);
  Arena arena(pool);
  return shown(program->evaluate(facts, arena));
}

inline std::string resultOf(std::string_view text) { return resultOf(text, SampleFacts()); }

struct EvaluationCase {
  std::string text;
  std::string result;
};

inline void expectAll(const std::vector<EvaluationCase>& cases) {
  for (const EvaluationCase& each : cases) {
    EXPECT_EQ(resultOf(each.text), each.result) << each.text;
  }
}

}  // namespace weir::expr
