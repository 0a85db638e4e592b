#include "core/route/text.h"

#include <gtest/gtest.h>

#include "tests/core/route/fixture.h"

namespace weir::route {
namespace {

using std::string_view_literals::operator""sv;

const std::vector<std::string> kCaptureNames = {"id", ""};

class TextTest : public testing::Test {
 protected:
  TextTest() : request_("example.com:8080/users/7?a=1%2B&b=%20x"), response_(request_.arena()) {
    request_.header("X-One", "1").header("accept", "text/html").header("Accept", "*/*");
    response_.status = 404;
    response_.headers.add("x-served-by", "b");
    captures_.push("7");
    captures_.push("eight");
    request_.variables.response = &response_;
    request_.variables.captures = &captures_;
    request_.variables.request_id = "r-1";
    request_.variables.client_address = "192.0.2.1";
    request_.variables.client_identity = "spiffe://shop.test/cart";
    request_.variables.route_name = "users";
    request_.variables.upstream_name = "orders";
  }

  static Text compiled(std::string_view source) {
    std::string why;
    auto text = Text::compile(source, {&kCaptureNames, true}, why);
    EXPECT_EQ(why, "");
    return text.value_or(Text());
  }
  static std::string mistakeOf(std::string_view source, const TextScope& scope = {}) {
    std::string why;
    EXPECT_FALSE(Text::compile(source, scope, why));
    return why;
  }
  std::string expanded(std::string_view source) {
    return std::string(compiled(source).expand(request_.variables, request_.arena()));
  }
  std::string asPath(std::string_view source) {
    return std::string(compiled(source).expandAsPath(request_.variables, request_.arena()));
  }
  std::string asQuery(std::string_view source) {
    return std::string(compiled(source).expandAsQuery(request_.variables, request_.arena()));
  }

  TestRequest request_;
  http::Response response_;
  Captures captures_;
};

TEST_F(TextTest, ReplacesEveryVariable) {
  EXPECT_EQ(expanded("${request.id}"), "r-1");
  EXPECT_EQ(expanded("${client.address}"), "192.0.2.1");
  EXPECT_EQ(expanded("${client.identity}"), "spiffe://shop.test/cart");
  EXPECT_EQ(expanded("${request.method}"), "GET");
  EXPECT_EQ(expanded("${request.path}"), "/users/7");
  EXPECT_EQ(expanded("${request.query}"), "a=1%2B&b=%20x");
  EXPECT_EQ(expanded("${request.host}"), "example.com");
  EXPECT_EQ(expanded("${request.scheme}"), "http");
  EXPECT_EQ(expanded("${request.header.x-one}"), "1");
  EXPECT_EQ(expanded("${request.header.Accept}"), "text/html, */*");
  EXPECT_EQ(expanded("${request.header.none}"), "");
  EXPECT_EQ(expanded("${request.query.a}"), "1%2B");
  EXPECT_EQ(expanded("${request.query.c}"), "");
  EXPECT_EQ(expanded("${route.name}"), "users");
  EXPECT_EQ(expanded("${capture.id}"), "7");
  EXPECT_EQ(expanded("${capture.1}"), "7");
  EXPECT_EQ(expanded("${capture.2}"), "eight");
  EXPECT_EQ(expanded("${upstream.name}"), "orders");
  EXPECT_EQ(expanded("${response.status}"), "404");
  EXPECT_EQ(expanded("${response.header.X-Served-By}"), "b");
}

TEST_F(TextTest, KeepsWhatIsBetween) {
  EXPECT_EQ(expanded("<${request.method} ${request.path}>"), "<GET /users/7>");
  EXPECT_EQ(expanded("${capture.1}${capture.2}"), "7eight");
  EXPECT_EQ(expanded("plain"), "plain");
  EXPECT_EQ(expanded(""), "");
}

TEST_F(TextTest, TakesTwoDollarsForOne) {
  EXPECT_EQ(expanded("$$"), "$");
  EXPECT_EQ(expanded("$${request.id}"), "${request.id}");
  EXPECT_EQ(expanded("$$${request.id}"), "$r-1");
  EXPECT_EQ(expanded("5$ and $x {}"), "5$ and $x {}");
}

TEST_F(TextTest, IsAViewWhenConstant) {
  const Text text = compiled("constant $$");
  EXPECT_TRUE(text.isConstant());
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.expand(request_.variables, request_.arena()).data(), text.constant().data());
  EXPECT_TRUE(Text().empty());
  EXPECT_FALSE(compiled("${request.id}").empty());
}

TEST_F(TextTest, DropsControlBytesOfValues) {
  request_.header("evil", "a\r\nset-cookie: x\0y\x7F\tz"sv);
  EXPECT_EQ(expanded("[${request.header.evil}]"), "[aset-cookie: xy\tz]");
}

TEST_F(TextTest, EncodesValuesForAPath) {
  request_.header("x", "../a b?c=%41");
  EXPECT_EQ(asPath("/t/${request.header.x}/u"), "/t/..%2Fa%20b%3Fc%3D%2541/u");
  EXPECT_EQ(asPath("/v2${request.path}"), "/v2/users/7");
  EXPECT_EQ(asPath("/${capture.1}"), "/7");
}

TEST_F(TextTest, EncodesValuesForAQuery) {
  request_.header("x", "a&b=%41");
  EXPECT_EQ(asQuery("v=${request.header.x}"), "v=a%26b%3D%2541");
  EXPECT_EQ(asQuery("v=${request.query.a}"), "v=1%2B");
  EXPECT_EQ(asQuery("v=${request.path}"), "v=%2Fusers%2F7");
}

// Inserted values are percent-encoded exactly once: a value from the client's target already is.
TEST_F(TextTest, EncodesEachValueExactlyOnce) {
  struct Case {
    std::string_view sent;      // as a header or a query parameter
    std::string_view header;    // the value in a path or in a query, from a header
    std::string_view in_path;   // from the query
    std::string_view in_query;  // from the query
  };
  constexpr Case kCases[] = {
      {"plain-._~", "plain-._~", "plain-._~", "plain-._~"},
      {"100%", "100%25", "100%25", "100%25"},
      {"%zz", "%25zz", "%25zz", "%25zz"},
      {"%20", "%2520", "%20", "%20"},
      {"%2520", "%252520", "%2520", "%2520"},
      {"a b", "a%20b", "a%20b", "a%20b"},
      {"a+b", "a%2Bb", "a%2Bb", "a+b"},
      {"a%2bb", "a%252bb", "a%2Bb", "a%2Bb"},
      {"\xc3\xa9", "%C3%A9", "%C3%A9", "%C3%A9"},
      {"%c3%a9", "%25c3%25a9", "%C3%A9", "%C3%A9"},
      {"a/b", "a%2Fb", "a%2Fb", "a%2Fb"},
      {"a%2fb", "a%252fb", "a%2Fb", "a%2Fb"},
      {"a?b#c", "a%3Fb%23c", "a%3Fb%23c", "a%3Fb%23c"},
      {"%3f%23", "%253f%2523", "%3F%23", "%3F%23"},
      {"%41%2e", "%2541%252e", "A.", "A."},
      {"..", "..", "..", ".."},
  };
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.sent);
    TestRequest asked("h/?v=" + std::string(each.sent));
    asked.request.query = asked.arena().copy("v=" + std::string(each.sent));
    asked.header("v", each.sent);
    const auto path = [&](std::string_view source) {
      return compiled(source).expandAsPath(asked.variables, asked.arena());
    };
    const auto query = [&](std::string_view source) {
      return compiled(source).expandAsQuery(asked.variables, asked.arena());
    };
    EXPECT_EQ(path("/${request.header.v}"), "/" + std::string(each.header));
    EXPECT_EQ(query("v=${request.header.v}"), "v=" + std::string(each.header));
    EXPECT_EQ(path("/${request.query.v}"), "/" + std::string(each.in_path));
    EXPECT_EQ(query("v=${request.query.v}"), "v=" + std::string(each.in_query));
    EXPECT_EQ(path("/${request.query}"), "/v%3D" + std::string(each.in_path));
    // A header contains it as sent.
    EXPECT_EQ(compiled("${request.query.v}").expand(asked.variables, asked.arena()), each.sent);
  }
}

// Captures and the path are in normal form: they are inserted into a path unchanged.
TEST_F(TextTest, PutsCapturesIntoPathsAsTheyAre) {
  captures_.clear();
  captures_.push("caf%C3%A9/a%20b%25%3F%23");
  EXPECT_EQ(asPath("/x/${capture.1}"), "/x/caf%C3%A9/a%20b%25%3F%23");
  EXPECT_EQ(asQuery("v=${capture.1}"), "v=caf%C3%A9%2Fa%20b%25%3F%23");
  EXPECT_EQ(expanded("${capture.1}"), "caf%C3%A9/a%20b%25%3F%23");
}

TEST_F(TextTest, IsEmptyWhereNothingIsKnown) {
  request_.variables = ExchangeVariables();
  EXPECT_EQ(expanded("${request.path}${request.header.x}${response.status}${capture.1}"), "");
}

TEST_F(TextTest, RefusesUnknownVariables) {
  EXPECT_EQ(mistakeOf("${reqest.id}"),
            "unknown variable ${reqest.id}, did you mean ${request.id}?");
  EXPECT_EQ(mistakeOf("${request.headers.x}"),
            "unknown variable ${request.headers.x}, did you mean ${request.header.NAME}?");
  EXPECT_EQ(mistakeOf("${}"), "unknown variable ${}");
  EXPECT_EQ(mistakeOf("${zzzzzzzzzzzz}"), "unknown variable ${zzzzzzzzzzzz}");
  EXPECT_EQ(mistakeOf("a ${request.id"), "\"${\" without \"}\"; a dollar sign itself is \"$$\"");
}

TEST_F(TextTest, RefusesWhatIsNotThereAtThatPlace) {
  EXPECT_EQ(mistakeOf("${response.status}"),
            "${response.status}: there is no response yet at this point");
  EXPECT_EQ(mistakeOf("${capture.1}"), "${capture.1}: the route's path does not capture this");
  EXPECT_EQ(mistakeOf("${capture.3}", {&kCaptureNames, false}),
            "${capture.3}: the route's path does not capture this");
  EXPECT_EQ(mistakeOf("${capture.0}", {&kCaptureNames, false}),
            "${capture.0}: the route's path does not capture this");
  EXPECT_EQ(mistakeOf("${capture.name}", {&kCaptureNames, false}),
            "${capture.name}: the route's path does not capture this");
}

}  // namespace
}  // namespace weir::route
