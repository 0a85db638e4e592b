#include "gateway/auth/api_key/api_key.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "core/tls/digest.h"
#include "tests/support/filter_bench.h"
#include "tests/support/temporary_directory.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

std::string keyLine(std::string_view key, std::string_view more) {
  return std::string(key) + "-id sha256:" + tls::hexOf(tls::sha256({key.data(), key.size()})) +
         " " + std::string(more);
}

std::string keySettings(std::string_view more = {}) {
  return "keys = { inline = ['" + keyLine("k1", "shop scopes=read,write label.plan=gold") + "', '" +
         keyLine("k2", "bank") + "', '" + keyLine("old", "shop expires=2020-01-01T00:00:00Z") +
         "', '" + keyLine("new", "shop expires=2100-01-01T00:00:00Z") + "'] }" +
         (more.empty() ? "" : ", " + std::string(more));
}

BenchMessage askWith(FilterBench& bench, const std::string& key) {
  return bench.get("/", {{"x-api-key", key}});
}

TEST(ApiKey, AcceptsAKnownKeyAndNamesItsConsumer) {
  FilterBench bench("api_key", keySettings());
  EXPECT_EQ(askWith(bench, "k1").status, 200);
  EXPECT_EQ(bench.seen().back().header("x-consumer-id"), "shop");
  EXPECT_EQ(bench.seen().back().header("x-api-key"), "");
  EXPECT_EQ(askWith(bench, "k2").status, 200);
  EXPECT_EQ(bench.seen().back().header("x-consumer-id"), "bank");
  EXPECT_EQ(askWith(bench, "new").status, 200);
  EXPECT_EQ(bench.counted(authn::authnKey(authn::Method::kApiKey, authn::Result::kOk, false)), 3U);
}

TEST(ApiKey, RefusesTheRest) {
  FilterBench bench("api_key", keySettings());
  const BenchMessage missing = bench.get();
  EXPECT_EQ(missing.status, 401);
  EXPECT_EQ(missing.reason, "authn_missing");
  EXPECT_EQ(missing.header("www-authenticate"), R"(ApiKey realm="weir")");
  EXPECT_EQ(missing.header("content-type"), "application/problem+json");
  EXPECT_EQ(askWith(bench, "k3").reason, "authn_invalid");
  EXPECT_EQ(askWith(bench, "").reason, "authn_invalid");
  EXPECT_EQ(askWith(bench, "k1 ").status, 200);  // the space is not a part of the value
  EXPECT_EQ(askWith(bench, "K1").reason, "authn_invalid");
  EXPECT_EQ(askWith(bench, "old").reason, "authn_expired");
  const BenchMessage twice = bench.get("/", {{"x-api-key", "k1"}, {"x-api-key", "k1"}});
  EXPECT_EQ(twice.status, 400);
  EXPECT_EQ(twice.reason, "bad_request");
  EXPECT_EQ(bench.seen().size(), 1U);
}

TEST(ApiKey, TakesKeysFromOtherPlaces) {
  FilterBench bench("api_key",
                    keySettings("from = [{ header = 'authorization', prefix = 'ApiKey' }, "
                                "{ query = 'key' }, { cookie = 'key' }], forward = true"));
  EXPECT_EQ(bench.get("/", {{"authorization", "apikey k1"}}).status, 200);
  EXPECT_EQ(bench.seen().back().header("authorization"), "apikey k1");
  EXPECT_EQ(bench.get("/x?key=k2").status, 200);
  EXPECT_EQ(bench.get("/", {{"cookie", "a=b; key=k2"}}).status, 200);
  EXPECT_EQ(bench.get("/", {{"authorization", "Bearer k1"}}).reason, "authn_missing");
  EXPECT_EQ(bench.get("/x?key=k2", {{"cookie", "key=k2"}}).status, 400);
}

TEST(ApiKey, DemandsScopes) {
  FilterBench bench("api_key", keySettings("require = { scopes_all = ['read'] }"));
  EXPECT_EQ(askWith(bench, "k1").status, 200);
  const BenchMessage reply = askWith(bench, "k2");
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.reason, "authz_denied");
  EXPECT_EQ(reply.header("www-authenticate"),
            R"(ApiKey realm="weir", error="insufficient_scope", scope="read")");
}

TEST(ApiKey, HasModes) {
  FilterBench optional("api_key", keySettings("mode = 'optional'"));
  EXPECT_EQ(optional.get().status, 200);
  EXPECT_EQ(askWith(optional, "x").status, 401);
  EXPECT_EQ(optional.get("/", {{"x-consumer-id", "mallory"}}).status, 200);
  EXPECT_EQ(optional.seen().back().header("x-consumer-id"), "");
  FilterBench shadow("api_key", keySettings("mode = 'shadow'"));
  EXPECT_EQ(askWith(shadow, "x").status, 200);
  EXPECT_EQ(askWith(shadow, "k1").status, 200);
  EXPECT_EQ(shadow.counted(authn::authnKey(authn::Method::kApiKey, authn::Result::kInvalid, true)),
            1U);
  EXPECT_EQ(shadow.counted(authn::authnKey(authn::Method::kApiKey, authn::Result::kOk, true)), 1U);
}

TEST(ApiKey, FillsThePrincipal) {
  const auto status = [](std::string_view condition) {
    FilterBench bench("[{ api_key = { " + keySettings() +
                      " } }, { rbac = { policies = [{ name = 'a', action = 'allow', when = '''" +
                      std::string(condition) + "''' }] } }]");
    return askWith(bench, "k1").status;
  };
  EXPECT_EQ(status("auth.method == 'api_key' && auth.subject == 'shop'"), 200);
  EXPECT_EQ(status("auth.claims.plan == 'gold' && auth.claims.key_id == 'k1-id'"), 200);
  EXPECT_EQ(status("'write' in auth.scopes && size(auth.scopes) == 2"), 200);
  EXPECT_EQ(status("has(auth.claims.other)"), 403);
}

TEST(ApiKey, FollowsItsFile) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/keys.txt";
  const auto write = [&path](const std::string& text) {
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
  };
  write(keyLine("k1", "shop") + "\n");
  FilterBench bench("api_key", "keys = '" + path + "'");
  EXPECT_EQ(askWith(bench, "k1").status, 200);
  write(keyLine("k2", "shop") + "\n");
  for (int i = 0; i < 10 && askWith(bench, "k2").status != 200; ++i) {
    bench.pass(Milliseconds(1000));
  }
  EXPECT_EQ(askWith(bench, "k2").status, 200);
  EXPECT_EQ(askWith(bench, "k1").status, 401);
  write(keyLine("k3", "shop") + "\nnonsense\n");
  bench.pass(Milliseconds(1000));
  bench.pass(Milliseconds(1000));
  EXPECT_EQ(askWith(bench, "k2").status, 200);
  EXPECT_EQ(askWith(bench, "k3").status, 401);
}

}  // namespace
}  // namespace weir::gateway
