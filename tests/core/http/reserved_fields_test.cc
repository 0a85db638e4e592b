#include "core/http/reserved_fields.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

Reserved reserved(std::string_view name) { return reservedFor(headerId(name), name); }

// All combinations of case and of characters that can replace a hyphen.
void expectForAllSpellings(std::string_view name, Reserved expected) {
  for (const char hyphen : {'-', '_', '.', '~'}) {
    for (const bool upper : {false, true}) {
      std::string spelled(name);
      std::size_t hyphens = 0;
      for (char& c : spelled) {
        if (c == '-' && hyphens++ % 2 == 1) c = hyphen;
        if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
      }
      EXPECT_EQ(reserved(spelled), expected) << spelled;
    }
  }
}

TEST(ReservedFields, EverySpellingOfAFieldOfWeirIsWeirs) {
  for (const auto* name :
       {"x-weir-identity", "x-weir-reason", "x-weir-original-path", "x-weir-anything", "x-weir-"}) {
    expectForAllSpellings(name, Reserved::kWeir);
  }
  EXPECT_EQ(reserved("X_Weir_Identity"), Reserved::kWeir);
  EXPECT_EQ(reserved("x_weir-identity"), Reserved::kWeir);
  EXPECT_EQ(reserved("X.Weir.Identity"), Reserved::kWeir);
}

TEST(ReservedFields, SomeAreBelievedByServersBehindAnEdge) {
  expectForAllSpellings("x-original-url", Reserved::kUnsafe);
  expectForAllSpellings("x-rewrite-url", Reserved::kUnsafe);
  EXPECT_EQ(reserved("Proxy"), Reserved::kUnsafe);
  EXPECT_EQ(reserved("PROXY"), Reserved::kUnsafe);
}

TEST(ReservedFields, SomeSayWhoTheClientIs) {
  for (const auto* name :
       {"x-forwarded-port", "X-Forwarded-Prefix", "x-forwarded-", "X-Real-IP", "X-Client-IP",
        "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP",
        "Front-End-Https", "X-Original-Host"}) {
    EXPECT_EQ(reserved(name), Reserved::kClient) << name;
  }
  for (const auto* name : {"x_forwarded_for", "X-Forwarded_Proto", "x_forwarded_port", "x_real-ip",
                           "x-forwarded.host", "true_client_ip", "cf.connecting-ip"}) {
    EXPECT_EQ(reserved(name), Reserved::kUnsafe) << name;
  }
  EXPECT_EQ(reserved("x_forwarded_client_cert"), Reserved::kWeir);
  EXPECT_EQ(reserved("x-forwarded-client_cert"), Reserved::kWeir);
}

TEST(ReservedFields, OthersAreTheClientsOwn) {
  for (const auto* name : {"accept",
                           "x-forwarded-for",
                           "x-forwarded-host",
                           "x-forwarded-proto",
                           "x-forwarded-client-cert",
                           "x-request-id",
                           "x-weir",
                           "x-weirdo",
                           "xx-weir-identity",
                           "x-original-urls",
                           "proxy-authorization",
                           "proxy-status",
                           "proxyx",
                           "x",
                           "p",
                           "x-",
                           "x-a_b",
                           "priority",
                           "x-real-ip-of",
                           "true-client-ips",
                           "cf-ray",
                           "from",
                           "traceparent",
                           "early-data",
                           "x-http-method-override",
                           ""}) {
    EXPECT_EQ(reserved(name), Reserved::kNo) << name;
  }
}

}  // namespace
}  // namespace weir::http
