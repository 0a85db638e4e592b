#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/conformance/h1_request_cases.h"
#include "tests/conformance/h1_response_cases.h"

// The tables themselves must be consistent.
namespace weir::conformance {
namespace {

template <typename Case>
std::set<std::string> namesOf(const std::vector<Case>& cases) {
  std::set<std::string> names;
  for (const Case& each : cases) names.emplace(each.name);
  return names;
}

template <typename Case>
bool isNamedAndSourced(const Case& each) {
  return !each.name.empty() && !each.source.empty();
}

// An accepted or incomplete request describes the bytes at the upstream; a refused one has a
// status.
bool isConsistent(const RequestCase& each) {
  switch (each.expect) {
    case Expect::kAccept:
      return each.status == 200 && !each.forwarded.empty();
    case Expect::kReject:
      return each.status >= 400 && each.status < 600;
    case Expect::kCutShort:
      return each.status >= 400 && each.status < 600 && !each.forwarded.empty();
    case Expect::kIncomplete:
      return each.status == 0 || (each.status == 200 && !each.forwarded.empty());
  }
  return false;
}

bool isConsistent(const ResponseCase& each) {
  const bool refused = each.seen == Seen::kBadGateway;
  return refused == (each.status == 502) &&
         (!refused || (each.body.empty() && each.headers.empty()));
}

TEST(H1Cases, RequestsHaveNamesOfTheirOwn) {
  EXPECT_EQ(namesOf(requestCases()).size(), requestCases().size());
}

TEST(H1Cases, ResponsesHaveNamesOfTheirOwn) {
  EXPECT_EQ(namesOf(responseCases()).size(), responseCases().size());
}

TEST(H1Cases, NoRequestIsThereTwice) {
  std::set<std::string_view> seen;
  for (const RequestCase& each : requestCases()) {
    EXPECT_TRUE(seen.insert(each.bytes).second) << each.name;
  }
}

TEST(H1Cases, NoResponseIsThereTwice) {
  std::set<std::tuple<std::string_view, After, std::string_view, std::string_view>> seen;
  for (const ResponseCase& each : responseCases()) {
    EXPECT_TRUE(seen.emplace(each.bytes, each.after, each.method, each.upgrade).second)
        << each.name;
  }
}

TEST(H1Cases, RequestsSayWhatTheyExpectAndWhy) {
  for (const RequestCase& each : requestCases()) {
    EXPECT_TRUE(isNamedAndSourced(each) && isConsistent(each)) << each.name;
  }
}

TEST(H1Cases, ResponsesSayWhatTheyExpectAndWhy) {
  for (const ResponseCase& each : responseCases()) {
    EXPECT_TRUE(isNamedAndSourced(each) && isConsistent(each)) << each.name;
  }
}

TEST(H1Cases, ThereAreEnough) {
  EXPECT_GE(requestCases().size(), 220U);
  EXPECT_GE(responseCases().size(), 60U);
}

}  // namespace
}  // namespace weir::conformance
