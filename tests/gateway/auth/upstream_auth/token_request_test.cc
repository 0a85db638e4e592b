#include "gateway/auth/upstream_auth/token_request.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::gateway::upstream_auth {
namespace {

ClientCredentials client() {
  ClientCredentials settings;
  settings.client_id = "weir";
  settings.client_secret = config::Secret(config::Secret::Source::kInline, "", "se:cret&");
  return settings;
}

std::string_view detailOf(std::string_view body, int status = 200) {
  const auto token = readTokenReply({.status = status, .headers = {}, .body = std::string(body)});
  return token.ok() ? std::string_view() : token.error().detail;
}

TEST(TokenRequest, TheClientAuthenticatesItselfByBasic) {
  const TokenRequest request = tokenRequest(client());
  EXPECT_EQ(request.body, "grant_type=client_credentials");
  EXPECT_EQ(request.authorization, "Basic d2VpcjpzZSUzQWNyZXQlMjY=");  // weir:se%3Acret%26
}

TEST(TokenRequest, OrByParameters) {
  ClientCredentials settings = client();
  settings.auth_method = ClientAuth::kPost;
  settings.scopes = {"orders:read", "orders:write"};
  settings.parameters = {{"audience", "https://api.example/"}};
  const TokenRequest request = tokenRequest(settings);
  EXPECT_EQ(request.authorization, "");
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&scope=orders%3Aread%20orders%3Awrite&"
            "audience=https%3A%2F%2Fapi.example%2F&client_id=weir&client_secret=se%3Acret%26");
}

TEST(TokenRequest, ReadsATokenAndItsLife) {
  const auto life = [](std::string_view member) {
    const std::string body =
        R"({"access_token":"a.b~c","token_type":"bearer")" + std::string(member) + "}";
    const auto token = readTokenReply({.status = 200, .headers = {}, .body = body});
    EXPECT_TRUE(token.ok()) << member;
    EXPECT_EQ(token.value().text, "a.b~c");
    return token.value().life;
  };
  EXPECT_EQ(life(R"(,"expires_in":3600)"), Milliseconds(3'600'000));
  EXPECT_EQ(life(R"(,"expires_in":0.5)"), Milliseconds(500));
  EXPECT_EQ(life(R"(,"expires_in":"3599")"), Milliseconds(3'599'000));
  EXPECT_EQ(life(R"(,"expires_in":1e300)"), Milliseconds(1'000'000'000'000));
  EXPECT_EQ(life(R"(,"expires_in":null)"), std::nullopt);
  EXPECT_EQ(life(""), std::nullopt);
}

TEST(TokenRequest, RefusesWhatIsNoToken) {
  const std::string good = R"("access_token":"a","token_type":"Bearer")";
  EXPECT_EQ(detailOf("{" + good + "}"), "");
  EXPECT_NE(detailOf("{" + good), "");
  EXPECT_NE(detailOf("[]"), "");
  EXPECT_NE(detailOf(R"({"token_type":"Bearer"})"), "");
  EXPECT_NE(detailOf(R"({"access_token":"a"})"), "");
  EXPECT_NE(detailOf(R"({"access_token":"a","token_type":"DPoP"})"), "");
  EXPECT_NE(detailOf(R"({"access_token":"","token_type":"Bearer"})"), "");
  EXPECT_NE(detailOf(R"({"access_token":"a\r\nx: y","token_type":"Bearer"})"), "");
  EXPECT_NE(detailOf(R"({"access_token":"a b","token_type":"Bearer"})"), "");
  EXPECT_NE(detailOf(R"({"access_token":")" + std::string(kMostToken + 1, 'a') +
                     R"(","token_type":"Bearer"})"),
            "");
  for (const char* life : {"0", "-1", "\"soon\"", "true", "{}"}) {
    EXPECT_NE(detailOf("{" + good + R"(,"expires_in":)" + life + "}"), "") << life;
  }
}

TEST(TokenRequest, NamesTheRefusalOfTheServer) {
  EXPECT_EQ(detailOf(R"({"error":"invalid_client"})", 401),
            "the token endpoint refuses: invalid_client");
  EXPECT_EQ(detailOf(R"({"error":"\u0007odd"})", 400),
            "the status of the token endpoint is not 200");
  EXPECT_EQ(detailOf("<html>", 503), "the status of the token endpoint is not 200");
}

}  // namespace
}  // namespace weir::gateway::upstream_auth
