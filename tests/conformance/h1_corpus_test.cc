#include <string>

#include <gtest/gtest.h>

#include "tests/conformance/h1_run.h"

// Runs the corpus through the codecs: the outcome must be the same for the complete text, byte by
// byte and cut in two anywhere, and whether the upstream answers within the read that completes a
// request or later.
namespace weir::conformance {

// Printed on failure instead of the bytes of the struct.
void PrintTo(const RequestCase& each, std::ostream* out) { *out << each.name; }
void PrintTo(const ResponseCase& each, std::ostream* out) { *out << each.name; }

namespace {

constexpr Timing kTimings[] = {Timing::kAtOnce, Timing::kAfterEachRead, Timing::kAtTheEnd};

std::string firstMismatch(const RequestCase& each, const Pieces& pieces, const std::string& how) {
  for (const Timing timing : kTimings) {
    const std::string found = mismatch(each, pieces, timing);
    if (found.empty()) continue;
    return how + ", timing " + std::to_string(static_cast<int>(timing)) + ", " + found;
  }
  return "";
}

std::string firstMismatch(const ResponseCase& each, const Pieces& pieces, const std::string& how) {
  const std::string found = mismatch(each, pieces);
  return found.empty() ? "" : how + ", " + found;
}

template <typename Case>
std::string mismatchWhenCut(const Case& each) {
  for (const std::size_t position : cutPositions(each.bytes.size())) {
    const std::string found = firstMismatch(each, cutAt(each.bytes, position),
                                            "cut behind " + std::to_string(position) + " bytes");
    if (!found.empty()) return found;
  }
  return "";
}

template <typename Case>
std::string nameOf(const testing::TestParamInfo<Case>& info) {
  std::string name;
  for (const char c : info.param.name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  return name;
}

class H1Request : public testing::TestWithParam<RequestCase> {};

TEST_P(H1Request, IsUnderstoodWhole) {
  EXPECT_EQ(firstMismatch(GetParam(), whole(GetParam().bytes), "whole"), "") << GetParam().source;
}

TEST_P(H1Request, IsUnderstoodByteByByte) {
  EXPECT_EQ(firstMismatch(GetParam(), byteByByte(GetParam().bytes), "byte by byte"), "")
      << GetParam().source;
}

TEST_P(H1Request, IsUnderstoodHoweverItIsCut) {
  EXPECT_EQ(mismatchWhenCut(GetParam()), "") << GetParam().source;
}

class H1Response : public testing::TestWithParam<ResponseCase> {};

TEST_P(H1Response, IsUnderstoodWhole) {
  EXPECT_EQ(firstMismatch(GetParam(), whole(GetParam().bytes), "whole"), "") << GetParam().source;
}

TEST_P(H1Response, IsUnderstoodByteByByte) {
  EXPECT_EQ(firstMismatch(GetParam(), byteByByte(GetParam().bytes), "byte by byte"), "")
      << GetParam().source;
}

TEST_P(H1Response, IsUnderstoodHoweverItIsCut) {
  EXPECT_EQ(mismatchWhenCut(GetParam()), "") << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(Corpus, H1Request, testing::ValuesIn(requestCases()), nameOf<RequestCase>);
INSTANTIATE_TEST_SUITE_P(Corpus, H1Response, testing::ValuesIn(responseCases()),
                         nameOf<ResponseCase>);

}  // namespace

}  // namespace weir::conformance
