#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tests/conformance/h1_request_cases.h"
#include "tests/conformance/h1_response_cases.h"
#include "tests/support/parser_comparison.h"

// HeadScanner and llhttp read every message of the corpora in the same way.
namespace weir::conformance {
namespace {

constexpr http::Limits kNarrow = {.head_bytes = 200, .target_bytes = 20, .headers = 4};

void expectAgreement(const std::string& name, std::string_view bytes) {
  for (const http::Limits& limits : {http::Limits{}, kNarrow}) {
    test::ParserComparison readers(limits);
    EXPECT_EQ(readers.differenceOfRequest(bytes), "") << name;
    EXPECT_EQ(readers.differenceOfResponse(bytes), "") << name;
    EXPECT_EQ(readers.differenceOfResponse(bytes, http::Method::kHead), "") << name;
  }
}

TEST(H1Readers, AgreeOnEveryCase) {
  for (const RequestCase& each : requestCases()) {
    expectAgreement(std::string(each.name), each.bytes);
  }
  for (const ResponseCase& each : responseCases()) {
    expectAgreement(std::string(each.name), each.bytes);
  }
}

TEST(H1Readers, AgreeOnEveryInputOfTheFuzzTargets) {
  std::size_t inputs = 0;
  for (const char* const corpus : {"h1_chunked", "h1_head", "h1_request", "h1_response"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path("tests/fuzz/corpus") / corpus)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      expectAgreement(entry.path().string(), bytes);
      ++inputs;
    }
  }
  EXPECT_GT(inputs, 100U);
}

}  // namespace
}  // namespace weir::conformance
