#include "observability/text/secrets.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

class SecretsTest : public ::testing::Test {
 protected:
  std::string redacted(std::string_view query) { return std::string(redactedQuery(query, arena_)); }

 private:
  BlockPool pool_{4096};
  Arena arena_{pool_};
};

TEST_F(SecretsTest, NamesThatHoldSecrets) {
  for (const std::string_view name : {"token",
                                      "access_token",
                                      "ID-Token",
                                      "client_secret",
                                      "password",
                                      "Passwd",
                                      "api_key",
                                      "apikey",
                                      "X-Amz-Signature",
                                      "sig",
                                      "AWSAccessKeyId",
                                      "code",
                                      "state",
                                      "key",
                                      "KEY",
                                      "tok%65n",
                                      "%74oken",
                                      "X-Goog-Credential",
                                      "sessionid",
                                      "auth"}) {
    EXPECT_TRUE(isSecretParameter(name)) << name;
  }
}

TEST_F(SecretsTest, NamesThatDoNot) {
  for (const std::string_view name : {"page", "q", "zipcode", "country_code", "keyboard", "author",
                                      "statement", "design", "", "%", "%zz", "id"}) {
    EXPECT_FALSE(isSecretParameter(name)) << name;
  }
}

TEST_F(SecretsTest, ValuesAreReplaced) {
  EXPECT_EQ(redacted("page=2&token=abc&q=x"), "page=2&token=REDACTED&q=x");
  EXPECT_EQ(redacted("token=abc"), "token=REDACTED");
  EXPECT_EQ(redacted("code=1&state=2&code=3"), "code=REDACTED&state=REDACTED&code=REDACTED");
  EXPECT_EQ(redacted("token=a=b"), "token=REDACTED");
  EXPECT_EQ(redacted("&&token=a&&x&"), "&&token=REDACTED&&x&");
}

TEST_F(SecretsTest, AQueryWithoutSecretsIsUnchanged) {
  constexpr std::string_view kQuery = "page=2&&q=%20&x&token&token=";
  BlockPool pool(4096);
  Arena arena(pool);
  EXPECT_EQ(redactedQuery(kQuery, arena).data(), kQuery.data());
  EXPECT_EQ(redactedQuery("", arena), "");
}

}  // namespace
}  // namespace weir
