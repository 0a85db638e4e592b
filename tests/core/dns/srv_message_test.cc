#include "core/dns/srv_message.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::dns {
namespace {

using std::chrono::seconds;
using namespace std::string_view_literals;

Result<Services> parse(std::string_view message) {
  return parseSrvMessage({reinterpret_cast<const unsigned char*>(message.data()), message.size()});
}

constexpr std::string_view kHeader = "\x12\x34\x85\x80\0\1\0\2\0\0\0\0"sv;  // 1 question, 2 answers
constexpr std::string_view kQuestion = "\4shop\0\0\x21\0\1"sv;
// Priority 10, weight 20, port 80 and 81; the second name is compressed.
constexpr std::string_view kFirst = "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\x0a\0\x0a\0\x14\0\x50\2a1\0"sv;
constexpr std::string_view kSecond = "\xc0\x0c\0\x21\0\1\0\0\0\x1e\0\x0a\0\x0a\0\x14\0\x51\2a2\0"sv;

std::string whole() {
  return std::string(kHeader).append(kQuestion).append(kFirst).append(kSecond);
}

TEST(SrvMessage, HasTheRecordsAndTheSmallestTtl) {
  const auto answer = parse(whole());
  ASSERT_TRUE(answer.ok()) << answer.error().detail;
  const std::vector<Service> expected = {{"a1", 80, 20, 10}, {"a2", 81, 20, 10}};
  EXPECT_EQ(answer.value().services, expected);
  EXPECT_EQ(answer.value().ttl, seconds(30));
}

TEST(SrvMessage, IsRefusedWhereverItIsCutShort) {
  const std::string message = whole();
  for (std::size_t length = 0; length < message.size(); ++length) {
    EXPECT_FALSE(parse(std::string_view(message).substr(0, length)).ok()) << length;
  }
}

TEST(SrvMessage, SurvivesAnyByteInAnyPlace) {
  std::string message = whole();
  std::size_t read = 0;
  for (char& byte : message) {
    const char before = byte;
    for (int value = 0; value < 256; ++value) {
      byte = static_cast<char>(value);
      read += parse(message).ok() ? 1 : 0;
    }
    byte = before;
  }
  EXPECT_GT(read, message.size());
}

TEST(SrvMessage, DoesNotFollowNamesInCircles) {
  std::string message = whole();
  message.replace(kHeader.size() + kQuestion.size(), 2, "\xc0\x16"sv);  // points to itself
  EXPECT_FALSE(parse(message).ok());
}

TEST(SrvMessage, HasNoServiceWithoutATarget) {
  const std::string message = std::string("\x12\x34\x85\x80\0\1\0\1\0\0\0\0"sv)
                                  .append(kQuestion)
                                  .append("\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\7\0\0\0\0\0\0\0"sv);
  EXPECT_EQ(parse(message).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace weir::dns
