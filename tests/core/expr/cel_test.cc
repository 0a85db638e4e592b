#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/core/expr/evaluation.h"

namespace weir::expr {
namespace {

// Without the cause of an error, which the other implementation names differently.
std::string comparable(const std::string& text) {
  const std::string result = resultOf(text);
  const bool fails = result.starts_with("error(") || result.find(": ") != std::string::npos;
  return fails ? "error" : result;
}

// 500 generated expressions have the same results as in another implementation of CEL
// (generate_cel_cases.py).
TEST(Cel, GivesTheSameResults) {
  std::ifstream file("tests/core/expr/cel_cases.txt");
  std::string line;
  int count = 0;
  for (; std::getline(file, line); ++count) {
    const std::size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    const std::string text = line.substr(0, tab);
    EXPECT_EQ(comparable(text), line.substr(tab + 1)) << text << " gives " << resultOf(text);
  }
  EXPECT_EQ(count, 500);
}

}  // namespace
}  // namespace weir::expr
