#include "core/config/redaction.h"

#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/toml_writer.h"

namespace weir::config {
namespace {

std::string redacted(std::string_view toml) {
  Diagnostics diagnostics;
  auto document = Document::parse(toml, "test", diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  Value value = document.root();
  redactCredentials(value);
  return tomlText(value);
}

TEST(Redaction, HidesCredentialsInHeaderRules) {
  const std::string text = redacted(
      "[[route]]\n"
      "request_headers.set = { Authorization = 'Bearer S3CRET', x-api-key = 'S3CRET', x-tag = 'a' "
      "}\n"
      "request_headers.add = { Cookie = 'S3CRET', X-Auth-Token = ['S3CRET', 'S3CRET'] }\n"
      "match.headers = { proxy-authorization = { prefix = 'S3CRET' } }\n"
      "match.query = { access_token = 'S3CRET', page = '1' }\n");
  EXPECT_EQ(text.find("S3CRET"), std::string::npos) << text;
  EXPECT_NE(text.find("x-tag = \"a\""), std::string::npos) << text;
  EXPECT_NE(text.find("page = \"1\""), std::string::npos) << text;
  EXPECT_NE(text.find("***"), std::string::npos) << text;
}

TEST(Redaction, LeavesOtherSettingsAlone) {
  EXPECT_NE(redacted("tls = { key = 'ca/edge.key' }\n").find("ca/edge.key"), std::string::npos);
}

TEST(Redaction, KnowsTheNamesOfCredentials) {
  for (const char* name : {"authorization", "Proxy-Authorization", "COOKIE", "set-cookie",
                           "X-Api-Key", "x-amz-security-token", "client_secret", "password"}) {
    EXPECT_TRUE(isCredentialName(name)) << name;
  }
  for (const char* name : {"host", "x-request-id", "accept", "via"}) {
    EXPECT_FALSE(isCredentialName(name)) << name;
  }
}

}  // namespace
}  // namespace weir::config
