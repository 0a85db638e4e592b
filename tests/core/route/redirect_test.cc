#include "core/route/redirect.h"

#include <gtest/gtest.h>

#include "tests/core/route/fixture.h"

namespace weir::route {
namespace {

Text text(std::string_view source) {
  std::string why;
  auto compiled = Text::compile(source, {}, why);
  EXPECT_EQ(why, "");
  return compiled.value_or(Text());
}

PathChange pathTo(std::string_view path) {
  std::string why;
  auto change = PathChange::path(path, {}, why);
  EXPECT_EQ(why, "");
  return change ? *std::move(change) : PathChange();
}

PathChange prefixTo(std::string_view prefix, std::size_t matched) {
  std::string why;
  auto change = PathChange::prefix(prefix, matched, why);
  EXPECT_EQ(why, "");
  return change ? *std::move(change) : PathChange();
}

std::string locationOf(const TestRequest& request, RedirectTarget target) {
  const auto location = Redirect(std::move(target)).location(request.request, request.variables);
  return location ? std::string(location.value())
                  : "refused: " + std::string(location.error().detail);
}

std::string locationOf(std::string_view url, RedirectTarget target) {
  return locationOf(TestRequest(url), std::move(target));
}

TEST(Redirect, IsPermanentUnlessToldOtherwise) {
  EXPECT_EQ(Redirect(RedirectTarget()).status(), 301);
  EXPECT_EQ(Redirect({.status = 307}).status(), 307);
}

TEST(Redirect, ChangesTheSchemeAndItsPort) {
  EXPECT_EQ(locationOf("example.com/a?b", {.scheme = "https"}), "https://example.com/a?b");
  EXPECT_EQ(locationOf("example.com:80/", {.scheme = "https"}), "https://example.com/");
  EXPECT_EQ(locationOf("example.com:8080/", {.scheme = "https"}), "https://example.com/");
  EXPECT_EQ(locationOf("example.com:8080/", {.scheme = "http"}), "http://example.com/");
  EXPECT_EQ(locationOf("example.com/", {.scheme = "https", .port = 8443}),
            "https://example.com:8443/");
}

TEST(Redirect, LeavesOutTheUsualPort) {
  EXPECT_EQ(locationOf("example.com/", {.scheme = "https", .port = 443}), "https://example.com/");
  EXPECT_EQ(locationOf("example.com/", {.scheme = "http", .port = 80}), "http://example.com/");
  EXPECT_EQ(locationOf("example.com/", {.scheme = "http", .port = 443}), "http://example.com:443/");
  EXPECT_EQ(locationOf("example.com:80/", {.host = text("b.com")}), "http://b.com/");
  EXPECT_EQ(locationOf(TestRequest("example.com:443/").scheme("https"), {.host = text("b.com")}),
            "https://b.com/");
  EXPECT_EQ(locationOf(TestRequest("example.com:80/").scheme("https"), {.host = text("b.com")}),
            "https://b.com:80/");
}

TEST(Redirect, KeepsThePortOfTheRequest) {
  EXPECT_EQ(locationOf("example.com:8080/a", {.host = text("b.com")}), "http://b.com:8080/a");
  EXPECT_EQ(locationOf("example.com:8080/a", {.path = pathTo("/b")}), "http://example.com:8080/b");
  EXPECT_EQ(locationOf("example.com:8080/", {.port = 80}), "http://example.com/");
  EXPECT_EQ(locationOf("example.com/", {.port = 8080}), "http://example.com:8080/");
}

TEST(Redirect, ChangesThePath) {
  EXPECT_EQ(locationOf("h/a/b?q=1", {.path = pathTo("/new")}), "http://h/new?q=1");
  EXPECT_EQ(locationOf("h/old/x?q=1", {.path = prefixTo("/new", 4)}), "http://h/new/x?q=1");
  EXPECT_EQ(locationOf("h/old", {.path = prefixTo("/", 4)}), "http://h/");
  EXPECT_EQ(locationOf("h/old//evil.com", {.path = prefixTo("/", 4)}), "http://h//evil.com");
}

TEST(Redirect, KeepsOrStripsTheQuery) {
  EXPECT_EQ(locationOf("h/a?q=1", {}), "http://h/a?q=1");
  EXPECT_EQ(locationOf("h/a?", {}), "http://h/a?");
  EXPECT_EQ(locationOf("h/a?q=1", {.keep_query = false}), "http://h/a");
  EXPECT_EQ(locationOf("h/a?q=1", {.path = pathTo("/b?r=2")}), "http://h/b?r=2");
  EXPECT_EQ(locationOf("h/a?q=1", {.path = pathTo("/b?r=2"), .keep_query = false}),
            "http://h/b?r=2");
}

TEST(Redirect, TakesVariables) {
  TestRequest request("h/a?q=x%20y");
  request.header("where", "b.com");
  EXPECT_EQ(locationOf(request, {.host = text("${request.header.where}"),
                                 .path = pathTo("/go?to=${request.query.q}")}),
            "http://b.com/go?to=x%20y");
}

TEST(Redirect, KnowsIpv6) {
  EXPECT_EQ(locationOf("[::1]:8080/a", {.path = pathTo("/b")}), "http://[::1]:8080/b");
  EXPECT_EQ(locationOf("[::1]/a", {.scheme = "https"}), "https://[::1]/a");
}

TEST(Redirect, EscapesWhatDoesNotBelongIntoAHeader) {
  EXPECT_EQ(locationOf("h/a?q=<\"x\">|\r\ny#\x80", {}),
            "http://h/a?q=%3C%22x%22%3E%7C%0D%0Ay%23%80");
}

TEST(Redirect, RefusesWhatIsNoHost) {
  EXPECT_EQ(locationOf("/a", {}), "refused: redirect: no host to send the client to");
  EXPECT_EQ(locationOf("h:x/a", {}), "refused: redirect: no host to send the client to");
  EXPECT_EQ(locationOf("h:99999/a", {}), "refused: redirect: no host to send the client to");
  EXPECT_EQ(locationOf("user@h/a", {}), "refused: redirect: no host to send the client to");
  EXPECT_EQ(locationOf(TestRequest("h/a").header("where", "b.com/x"),
                       {.host = text("${request.header.where}")}),
            "refused: redirect: no host to send the client to");
}

TEST(Redirect, SendsTheAsteriskToTheRoot) {
  TestRequest request("h/");
  request.request.path = "*";
  EXPECT_EQ(locationOf(request, {.scheme = "https"}), "https://h/");
}

}  // namespace
}  // namespace weir::route
