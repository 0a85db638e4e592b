#include "core/route/rewrite.h"

#include <gtest/gtest.h>

#include "tests/core/route/fixture.h"

namespace weir::route {
namespace {

const std::vector<std::string> kNames = {"id"};
const TextScope kScope{&kNames, false};

// The result for `url` if the route matched the first `matched` bytes of its path.
std::string withPrefix(std::string_view url, std::size_t matched, std::string_view prefix) {
  TestRequest request(url);
  std::string why;
  auto change = PathChange::prefix(prefix, matched, why);
  if (!change) return "mistake: " + why;
  const Rewrite rewrite(*std::move(change), Text());
  const auto done = rewrite.apply(request.request, request.variables);
  return done ? request.url() : "refused";
}

std::string withPath(TestRequest& request, std::string_view path) {
  Captures captures;
  captures.push("7");
  request.variables.captures = &captures;
  std::string why;
  auto change = PathChange::path(path, kScope, why);
  if (!change) return "mistake: " + why;
  const Rewrite rewrite(*std::move(change), Text());
  const auto done = rewrite.apply(request.request, request.variables);
  return done ? request.url() : "refused";
}

std::string withPath(std::string_view url, std::string_view path) {
  TestRequest request(url);
  return withPath(request, path);
}

std::string withRegex(std::string_view url, std::string_view pattern, std::string_view with) {
  TestRequest request(url);
  std::string why;
  auto change = PathChange::regex(pattern, with, why);
  if (!change) return "mistake: " + why;
  const Rewrite rewrite(*std::move(change), Text());
  const auto done = rewrite.apply(request.request, request.variables);
  return done ? request.url() : "refused";
}

std::string withHost(TestRequest& request, std::string_view host) {
  std::string why;
  auto text = compileHost(host, kScope, why);
  if (!text) return "mistake: " + why;
  const Rewrite rewrite(PathChange(), *std::move(text));
  const auto done = rewrite.apply(request.request, request.variables);
  return done ? request.url() : "refused";
}

TEST(Rewrite, ReplacesThePrefix) {
  EXPECT_EQ(withPrefix("h/foo/bar", 4, "/xyz"), "h/xyz/bar");
  EXPECT_EQ(withPrefix("h/foo/bar", 4, "/xyz/"), "h/xyz/bar");
  EXPECT_EQ(withPrefix("h/foo", 4, "/xyz"), "h/xyz");
  EXPECT_EQ(withPrefix("h/foo/", 4, "/xyz"), "h/xyz/");
  EXPECT_EQ(withPrefix("h/foo/bar", 4, "/"), "h/bar");
  EXPECT_EQ(withPrefix("h/foo/", 4, "/"), "h/");
  EXPECT_EQ(withPrefix("h/foo", 4, "/"), "h/");
  EXPECT_EQ(withPrefix("h/bar", 0, "/v2"), "h/v2/bar");
  EXPECT_EQ(withPrefix("h/foo//bar", 4, "/"), "h//bar");
  EXPECT_EQ(withPrefix("h/foo/bar?a=/foo", 4, "/"), "h/bar?a=/foo");
  EXPECT_EQ(withPrefix("h/foo/a%2Fb", 4, "/x"), "h/x/a%2Fb");
}

TEST(Rewrite, RefusesPrefixesThatAreNotNormal) {
  EXPECT_EQ(withPrefix("h/", 0, "x"), "mistake: \"x\" is not a path that can be forwarded");
  EXPECT_EQ(withPrefix("h/", 0, "/../x"), "mistake: \"/../x\" is not a path that can be forwarded");
  EXPECT_EQ(withPrefix("h/", 0, "/a b"), "mistake: \"/a b\" is not a path that can be forwarded");
  EXPECT_EQ(withPrefix("h/", 0, "/a?b"), "mistake: \"/a?b\" is not a path that can be forwarded");
}

TEST(Rewrite, ReplacesThePath) {
  EXPECT_EQ(withPath("h/a/b?q=1", "/new"), "h/new?q=1");
  EXPECT_EQ(withPath("h/a/b?q=1", "/new?r=2"), "h/new?r=2");
  EXPECT_EQ(withPath("h/a/b?q=1", "/new?"), "h/new?");
  EXPECT_EQ(withPath("h/a/b", "/users/${capture.id}/x"), "h/users/7/x");
  EXPECT_EQ(withPath("h/a/b", "/v2${request.path}"), "h/v2/a/b");
  EXPECT_EQ(withPath("h/a/b?q=1", "/x?old=${request.path}&q=${request.query.q}"),
            "h/x?old=%2Fa%2Fb&q=1");
}

TEST(Rewrite, RefusesPathsThatAreNotNormal) {
  EXPECT_EQ(withPath("h/", "new"), "mistake: \"new\" is not a path that can be forwarded");
  EXPECT_EQ(withPath("h/", "/a/../${capture.1}"),
            "mistake: \"/a/../${capture.1}\" is not a path that can be forwarded");
  EXPECT_EQ(withPath("h/", "/a#b"), "mistake: \"/a#b\" is not a path that can be forwarded");
  EXPECT_EQ(withPath("h/", "/${nothing}"), "mistake: unknown variable ${nothing}");
}

TEST(Rewrite, LetsNoValueLeaveItsSegment) {
  TestRequest slash("h/");
  slash.header("tenant", "a/../../b?c#d");
  EXPECT_EQ(withPath(slash, "/t/${request.header.tenant}/data"),
            "h/t/a%2F..%2F..%2Fb%3Fc%23d/data");
  TestRequest dots("h/");
  dots.header("tenant", "..");
  EXPECT_EQ(withPath(dots, "/t/${request.header.tenant}/data"), "refused");
  EXPECT_EQ(dots.url(), "h/");
  TestRequest dot("h/");
  dot.header("tenant", ".");
  EXPECT_EQ(withPath(dot, "/t/${request.header.tenant}"), "refused");
}

TEST(Rewrite, ReplacesWhatARegexMatches) {
  EXPECT_EQ(withRegex("h/old/7/x", "^/old/([0-9]+)", "/new/\\1"), "h/new/7/x");
  EXPECT_EQ(withRegex("h/a/b", "^/z", "/y"), "h/a/b");
  EXPECT_EQ(withRegex("h/a.b", "[.]", "/"), "h/a/b");
}

TEST(Rewrite, RefusesWhatARegexMakesAbnormal) {
  EXPECT_EQ(withRegex("h/files/.x./secret", "x", ""), "refused");
  EXPECT_EQ(withRegex("h/a/b", "^/", ""), "refused");
  EXPECT_EQ(withRegex("h/a/b", "a", "%zz"), "refused");
  EXPECT_EQ(withRegex("h/a/b", "a", "?"), "refused");
  EXPECT_EQ(withRegex("h/" + std::string(9000, 'a'), "a", "bb"), "refused");
}

TEST(Rewrite, ReplacesTheHost) {
  TestRequest request("h:80/a");
  EXPECT_EQ(withHost(request, "internal.example.com:8080"), "internal.example.com:8080/a");
  EXPECT_FALSE(request.request.headers.find("x-weir-original-path"));
  TestRequest variable("h/a");
  variable.header("tenant", "blue");
  EXPECT_EQ(withHost(variable, "${request.header.tenant}.example.com"), "blue.example.com/a");
}

TEST(Rewrite, RefusesHostsThatAreNone) {
  TestRequest request("h/a");
  EXPECT_EQ(withHost(request, "a b"), "mistake: \"a b\" is not a host");
  EXPECT_EQ(withHost(request, "http://a"), "mistake: \"http://a\" is not a host");
  request.header("tenant", "a/b@c");
  EXPECT_EQ(withHost(request, "${request.header.tenant}"), "refused");
  EXPECT_EQ(withHost(request, "${request.header.none}"), "refused");
  EXPECT_EQ(request.url(), "h/a");
}

TEST(Rewrite, KeepsTheOriginalPathForTheUpstream) {
  TestRequest request("h/a/b?q=1");
  request.header("X-Weir-Original-Path", "/forged");
  EXPECT_EQ(withPath(request, "/new?r"), "h/new?r");
  EXPECT_EQ(linesOf(request.request.headers), "x-weir-original-path: /a/b?q=1\n");
}

TEST(Rewrite, LeavesTheAsteriskAlone) {
  TestRequest request("h/");
  request.request.path = "*";
  EXPECT_EQ(withPath(request, "/new"), "h*");
}

}  // namespace
}  // namespace weir::route
