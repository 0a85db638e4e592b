#include "core/route/path.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/core/route/fixture.h"

namespace weir::route {
namespace {

using std::string_view_literals::operator""sv;

constexpr PathRules kGateway{};
constexpr PathRules kSidecar{ReservedEscapes::kKeep, false};
constexpr PathRules kMerging{ReservedEscapes::kReject, true};

// The normal form, or "refused: " and why.
std::string normal(std::string_view path, const PathRules& rules = kGateway) {
  TestArena memory;
  const auto result = normalizePath(path, rules, memory.arena);
  return result ? std::string(result.value()) : "refused: " + std::string(result.error().detail);
}

// The very same bytes come back, and no memory is taken.
bool isUntouched(std::string_view path, const PathRules& rules = kGateway) {
  TestArena memory;
  const auto result = normalizePath(path, rules, memory.arena);
  return result && result.value().data() == path.data() && result.value().size() == path.size();
}

TEST(NormalizePath, LeavesNormalPathsWhereTheyAre) {
  EXPECT_TRUE(isUntouched("/"));
  EXPECT_TRUE(isUntouched("/a"));
  EXPECT_TRUE(isUntouched("/a/"));
  EXPECT_TRUE(isUntouched("/a//b"));
  EXPECT_TRUE(isUntouched("//"));
  EXPECT_TRUE(isUntouched("/index.html"));
  EXPECT_TRUE(isUntouched("/.well-known/acme"));
  EXPECT_TRUE(isUntouched("/..a/...//a../.a"));
  EXPECT_TRUE(isUntouched("/a;v=1/b;w=.."));
  EXPECT_TRUE(isUntouched("/a%20b"));
  EXPECT_TRUE(isUntouched("/caf%C3%A9"));
  EXPECT_TRUE(isUntouched("/a:b@c!$&'()*+,;=~_-"));
  EXPECT_TRUE(isUntouched("/a[1]|^`{}\"<>"));
  EXPECT_TRUE(isUntouched("*"));
}

TEST(NormalizePath, ResolvesDotSegments) {
  EXPECT_EQ(normal("/."), "/");
  EXPECT_EQ(normal("/./"), "/");
  EXPECT_EQ(normal("/a/."), "/a/");
  EXPECT_EQ(normal("/a/./"), "/a/");
  EXPECT_EQ(normal("/a/./b"), "/a/b");
  EXPECT_EQ(normal("/./a"), "/a");
  EXPECT_EQ(normal("/a/.."), "/");
  EXPECT_EQ(normal("/a/../"), "/");
  EXPECT_EQ(normal("/a/b/.."), "/a/");
  EXPECT_EQ(normal("/a/b/../c"), "/a/c");
  EXPECT_EQ(normal("/a/b/../../c"), "/c");
  EXPECT_EQ(normal("/a/./b/./../c/."), "/a/c/");
  EXPECT_EQ(normal("/public/../admin"), "/admin");
  EXPECT_EQ(normal("/a//.."), "/a/");
  EXPECT_EQ(normal("//.."), "/");
  EXPECT_EQ(normal("/a//../b"), "/a/b");
  EXPECT_EQ(normal("/a/.../.."), "/a/");
}

TEST(NormalizePath, RefusesToGoAboveTheRoot) {
  EXPECT_EQ(normal("/.."), "refused: path: goes above the root");
  EXPECT_EQ(normal("/../"), "refused: path: goes above the root");
  EXPECT_EQ(normal("/../../etc/passwd"), "refused: path: goes above the root");
  EXPECT_EQ(normal("/a/../.."), "refused: path: goes above the root");
  EXPECT_EQ(normal("/a/../../a"), "refused: path: goes above the root");
  EXPECT_EQ(normal("/./.."), "refused: path: goes above the root");
  EXPECT_EQ(normal("/%2e%2E/x"), "refused: path: goes above the root");
}

TEST(NormalizePath, DecodesUnreservedBytesOnce) {
  EXPECT_EQ(normal("/%61dmin"), "/admin");
  EXPECT_EQ(normal("/%41%5A%30%39%2D%5F%7E"), "/AZ09-_~");
  EXPECT_EQ(normal("/a/%2e%2e/b"), "/b");
  EXPECT_EQ(normal("/a/%2E/b"), "/a/b");
  EXPECT_EQ(normal("/a/.%2e/b"), "/b");
  EXPECT_EQ(normal("/a/%2e./b"), "/b");
  EXPECT_EQ(normal("/a/%2e%2e%2"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%2561"), "/%2561");
  EXPECT_EQ(normal("/%252e%252e/x"), "/%252e%252e/x");
  EXPECT_EQ(normal("/%252F"), "/%252F");
}

TEST(NormalizePath, WritesOtherEscapesInUpperCase) {
  EXPECT_EQ(normal("/caf%c3%a9"), "/caf%C3%A9");
  EXPECT_EQ(normal("/a%3fb%3F"), "/a%3Fb%3F");
  EXPECT_EQ(normal("/%3b%3d"), "/%3B%3D");
  EXPECT_EQ(normal("/%0a%0D%7f"), "/%0A%0D%7F");
}

TEST(NormalizePath, RefusesReservedEscapesInAGateway) {
  EXPECT_EQ(normal("/a%2Fb"), "refused: path: %2F, %5C or %00");
  EXPECT_EQ(normal("/a%2fb"), "refused: path: %2F, %5C or %00");
  EXPECT_EQ(normal("/a%5Cb"), "refused: path: %2F, %5C or %00");
  EXPECT_EQ(normal("/a%5c..%5cb"), "refused: path: %2F, %5C or %00");
  EXPECT_EQ(normal("/a%00.html"), "refused: path: %2F, %5C or %00");
  EXPECT_EQ(normal("/..%2fadmin"), "refused: path: %2F, %5C or %00");
}

TEST(NormalizePath, KeepsReservedEscapesInASidecar) {
  EXPECT_EQ(normal("/a%2Fb", kSidecar), "/a%2Fb");
  EXPECT_EQ(normal("/a%2fb%5c%00", kSidecar), "/a%2Fb%5C%00");
  EXPECT_EQ(normal("/a/..%2Fb", kSidecar), "/a/..%2Fb");
  EXPECT_EQ(normal("/x/%2e%2e/a%2fb", kSidecar), "/a%2Fb");
  EXPECT_TRUE(isUntouched("/a%2Fb", kSidecar));
}

TEST(NormalizePath, RefusesInvalidEscapes) {
  EXPECT_EQ(normal("/%"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%4"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%4/"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%zz"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%u002e"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%%32%65"), "refused: path: an invalid percent escape");
  EXPECT_EQ(normal("/%/41", kSidecar), "refused: path: an invalid percent escape");
}

TEST(NormalizePath, RefusesBytesThatServersReadInTwoWays) {
  constexpr std::string_view kRefused = "refused: path: a byte that must be percent-encoded";
  EXPECT_EQ(normal("/a\\b"), kRefused);
  EXPECT_EQ(normal("/a\\..\\b"), kRefused);
  EXPECT_EQ(normal("/a#b"), kRefused);
  EXPECT_EQ(normal("/a?b"), kRefused);
  EXPECT_EQ(normal("/a b"), kRefused);
  EXPECT_EQ(normal("/a\tb"), kRefused);
  EXPECT_EQ(normal("/a\r\nb"), kRefused);
  EXPECT_EQ(normal("/a\0b"sv), kRefused);
  EXPECT_EQ(normal("/a\x7F"), kRefused);
  EXPECT_EQ(normal("/caf\xC3\xA9"), kRefused);
  EXPECT_EQ(normal("/\xC0\xAE\xC0\xAE/"), kRefused);
  EXPECT_EQ(normal("/a\\b", kSidecar), kRefused);
}

TEST(NormalizePath, RefusesDotSegmentsWithParameters) {
  constexpr std::string_view kRefused = "refused: path: a dot segment with parameters";
  EXPECT_EQ(normal("/a/..;/b"), kRefused);
  EXPECT_EQ(normal("/a/..;x=1/b"), kRefused);
  EXPECT_EQ(normal("/a/.;/b"), kRefused);
  EXPECT_EQ(normal("/a/..;"), kRefused);
  EXPECT_EQ(normal("/a/%2e%2e;/b"), kRefused);
  EXPECT_EQ(normal("/a/..%3b/b"), kRefused);
  EXPECT_EQ(normal("/a/..%3Bx/b", kSidecar), kRefused);
}

TEST(NormalizePath, RefusesWhatDoesNotBeginWithASlash) {
  EXPECT_EQ(normal(""), "refused: path: must begin with a slash");
  EXPECT_EQ(normal("a"), "refused: path: must begin with a slash");
  EXPECT_EQ(normal("**"), "refused: path: must begin with a slash");
  EXPECT_EQ(normal("../a"), "refused: path: must begin with a slash");
}

TEST(NormalizePath, MergesSlashesWhenTold) {
  EXPECT_EQ(normal("//", kMerging), "/");
  EXPECT_EQ(normal("///a", kMerging), "/a");
  EXPECT_EQ(normal("/a//b///c", kMerging), "/a/b/c");
  EXPECT_EQ(normal("/a//", kMerging), "/a/");
  EXPECT_EQ(normal("/a//..", kMerging), "/");
  EXPECT_EQ(normal("/a//../b", kMerging), "/b");
  EXPECT_EQ(normal("//..", kMerging), "refused: path: goes above the root");
  EXPECT_EQ(normal("/a/.//b", kMerging), "/a/b");
  EXPECT_TRUE(isUntouched("/a/b", kMerging));
}

TEST(NormalizePath, BlamesTheClient) {
  TestArena memory;
  const auto result = normalizePath("/..", kGateway, memory.arena);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(result.error().origin, Origin::kDownstream);
}

}  // namespace
}  // namespace weir::route
