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

// The normal form, or "refused: " and the reason.
std::string normal(std::string_view path, const PathRules& rules = kGateway) {
  TestArena memory;
  const auto result = normalizePath(path, rules, memory.arena);
  return result ? std::string(result.value().text)
                : "refused: " + std::string(result.error().detail);
}

// True if the same bytes are returned and no memory is allocated.
bool isUntouched(std::string_view path, const PathRules& rules = kGateway) {
  TestArena memory;
  const auto result = normalizePath(path, rules, memory.arena);
  return result && result.value().text.data() == path.data() &&
         result.value().text.size() == path.size();
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
  EXPECT_EQ(normal("/a\\b", kSidecar), kRefused);
}

TEST(NormalizePath, EncodesRawBytes) {
  EXPECT_EQ(normal("/caf\xC3\xA9"), "/caf%C3%A9");
  EXPECT_EQ(normal("/\xC0\xAE\xC0\xAE/"), "/%C0%AE%C0%AE/");
  EXPECT_EQ(normal("/\x80\xFF/../\xC3\xA9"), "/%C3%A9");
  EXPECT_EQ(normal("/a\x7F\xC3"), "refused: path: a byte that must be percent-encoded");
}

TEST(NormalizePath, TellsOfParametersAndReservedEscapes) {
  const auto traits = [](std::string_view path) {
    TestArena memory;
    const auto normal = normalizePath(path, kSidecar, memory.arena);
    return std::pair(normal.value().has_parameters, normal.value().has_reserved_escapes);
  };
  EXPECT_EQ(traits("/a"), std::pair(false, false));
  EXPECT_EQ(traits("/a;b"), std::pair(true, false));
  EXPECT_EQ(traits("/a%3bb"), std::pair(true, false));
  EXPECT_EQ(traits("/%61;b/./c"), std::pair(true, false));
  EXPECT_EQ(traits("/a%2fb"), std::pair(false, true));
  EXPECT_EQ(traits("/a%5C;"), std::pair(true, true));
  EXPECT_EQ(traits("/a%00"), std::pair(false, true));
  EXPECT_EQ(traits("/a%25%3d"), std::pair(false, false));
}

TEST(WithoutParameters, LeavesThemOut) {
  TestArena memory;
  const auto bare = [&](std::string_view path) { return withoutParameters(path, memory.arena); };
  EXPECT_EQ(bare("/a"), "/a");
  EXPECT_EQ(bare("*"), "*");
  EXPECT_EQ(bare("/"), "/");
  EXPECT_EQ(bare("/a;x=1/b;y;z"), "/a/b");
  EXPECT_EQ(bare("/a%3Bx/b"), "/a/b");
  EXPECT_EQ(bare("/a%3Bx;y/b;%3B"), "/a/b");
  EXPECT_EQ(bare("/;x/a"), "/a");
  EXPECT_EQ(bare("/a/;x/;y/b"), "/a/b");
  EXPECT_EQ(bare("/a/;x"), "/a/");
  EXPECT_EQ(bare("/;x"), "/");
  EXPECT_EQ(bare("//a"), "//a");
}

TEST(WithoutParameters, TheFrontThatMatchedHasALength) {
  EXPECT_EQ(lengthWithParameters("/a/b", 2), 2U);
  EXPECT_EQ(lengthWithParameters("/a/b", 9), 4U);
  EXPECT_EQ(lengthWithParameters("/a;x/b", 2), 4U);
  EXPECT_EQ(lengthWithParameters("/a;x/b", 0), 0U);
  EXPECT_EQ(lengthWithParameters("/;x/a%3By/b", 2), 9U);
  EXPECT_EQ(lengthWithParameters("/a;x", 2), 4U);
  EXPECT_EQ(lengthWithParameters("/a%20b;x/c", 6), 8U);
}

TEST(EncodeRawBytes, TakesTheTextItselfWhenThereAreNone) {
  TestArena memory;
  constexpr std::string_view kPlain = "a=%20;b";
  EXPECT_EQ(encodeRawBytes(kPlain, memory.arena).data(), kPlain.data());
  EXPECT_EQ(encodeRawBytes("\xC3\xA9=1", memory.arena), "%C3%A9=1");
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
