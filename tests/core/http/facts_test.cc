#include "core/http/facts.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

class TenantClaims final : public expr::Map {
 public:
  expr::Value find(std::string_view key, std::uint32_t, Arena&) const override {
    return key == "tenant" ? expr::Value::string("blue") : expr::Value::missing();
  }
  std::size_t size() const override { return 1; }
};

class FactsTest : public ::testing::Test {
 protected:
  FactsTest() {
    record.method_text = "GET";
    record.path = "/a/../Admin";
    record.normalized_path = "/Admin";
    record.authority = "shop.test:8443";
    record.query = "page=2&q=a+b";
    record.request_headers = &headers;
    headers.add("X-Group", "a");
    headers.add("x-group", "b");
  }

  // "error" if it has no result.
  std::string evaluate(std::string_view text) {
    expr::Mistake mistake;
    const auto condition = RequestCondition::parse(text, mistake);
    if (!condition) return "refused: " + mistake.what;
    const ExchangeFacts facts(record);
    const expr::Value value = condition->program().evaluate(facts, arena);
    if (value.isFault()) return "error";
    return value.isTrue() ? "true" : "false";
  }

  BlockPool pool{4096};
  Arena arena{pool};
  Headers headers{arena};
  ExchangeRecord record;
};

TEST_F(FactsTest, AreThoseOfTheRequest) {
  EXPECT_EQ(evaluate("request.method == 'GET' && request.host == 'shop.test'"), "true");
  EXPECT_EQ(evaluate("request.path == '/Admin'"), "true");
  EXPECT_EQ(evaluate("request.raw_path == '/a/../Admin'"), "true");
  EXPECT_EQ(evaluate("request.query['q'] == 'a b'"), "true");
  EXPECT_EQ(evaluate("request.header_values('x-group') == ['a', 'b']"), "true");
  EXPECT_EQ(evaluate("request.headers['x-group'] == 'a, b'"), "true");
}

TEST_F(FactsTest, AreThoseOfTheConnection) {
  EXPECT_EQ(evaluate("connection.tls || connection.mtls"), "false");
  EXPECT_EQ(evaluate("connection.sni == 'shop.test'"), "error");
  record.tls = true;
  record.server_name = "shop.test";
  EXPECT_EQ(evaluate("connection.tls && connection.sni == 'shop.test'"), "true");
  EXPECT_EQ(evaluate("connection.mtls"), "false");
  record.client_certificate = "00ff";
  EXPECT_EQ(evaluate("connection.mtls"), "true");
}

TEST_F(FactsTest, UseTheReceivedPathOfARefusedRequest) {
  record.normalized_path = {};
  EXPECT_EQ(evaluate("request.path == '/a/../Admin'"), "true");
}

TEST_F(FactsTest, SeeChangesOfTheHeaders) {
  const ExchangeFacts facts(record);
  expr::Mistake mistake;
  const auto condition = RequestCondition::parse("'x-new' in request.headers", mistake);
  ASSERT_TRUE(condition) << mistake.what;
  EXPECT_FALSE(condition->program().holds(facts, arena));
  headers.add("X-New", "1");
  EXPECT_TRUE(condition->program().holds(facts, arena));
}

TEST_F(FactsTest, KnowNobodyWithoutAPrincipal) {
  EXPECT_EQ(evaluate("has(auth.method) || has(auth.subject) || has(auth.claims)"), "false");
  EXPECT_EQ(evaluate("auth.subject == 'ann'"), "error");
  EXPECT_EQ(evaluate("'admin' in auth.scopes"), "false");
  EXPECT_EQ(evaluate("auth.groups == []"), "true");
}

TEST_F(FactsTest, KnowThePrincipal) {
  const std::array<std::string_view, 2> scopes = {"read", "write"};
  const TenantClaims claims;
  Principal principal;
  principal.method = "jwt";
  principal.subject = "ann";
  principal.scopes = scopes;
  principal.claims = &claims;
  record.principal = &principal;
  EXPECT_EQ(evaluate("auth.method == 'jwt' && auth.subject == 'ann'"), "true");
  EXPECT_EQ(evaluate("has(auth.issuer) || has(auth.consumer)"), "false");
  EXPECT_EQ(evaluate("'write' in auth.scopes && !('admin' in auth.scopes)"), "true");
  EXPECT_EQ(evaluate("auth.claims.tenant == 'blue'"), "true");
  EXPECT_EQ(evaluate("has(auth.claims.role)"), "false");
}

// The answer is not known while the request is being processed.
TEST_F(FactsTest, OfTheResponseBelongToRecords) {
  EXPECT_EQ(evaluate("response.status == 200").substr(0, 7), "refused");
  const std::size_t of_request = RequestVariables::schema().size();
  ASSERT_LT(of_request, RecordVariables::schema().size());
  EXPECT_EQ(RequestVariables::schema().back().name, "auth.claims");
  EXPECT_EQ(RecordVariables::schema()[of_request].name, "request.size");
}

}  // namespace
}  // namespace weir::http
