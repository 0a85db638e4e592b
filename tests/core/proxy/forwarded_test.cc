#include "core/proxy/forwarded.h"

#include <string>

#include <gtest/gtest.h>

#include "core/base/arena.h"

namespace weir::proxy {
namespace {

class ForwardedTest : public ::testing::Test {
 protected:
  ForwardedTest() {
    request.authority = "shop.test";
    listener_plan.trusted_proxies = {*IpRange::parse("10.0.0.0/8"), *IpRange::parse("::1")};
  }
  void header(std::string_view name, std::string_view value) { request.headers.add(name, value); }
  Downstream downstreamOf(std::string_view peer) {
    return findDownstream(request, listener_plan, {IpAddress::parse(peer).value(), "http"});
  }
  std::string clientOf(std::string_view peer) {
    const Downstream found = downstreamOf(peer);
    EXPECT_EQ(found.ip.text(), found.address);
    return std::string(found.address);
  }
  std::string headersFrom(std::string_view peer) {
    const Peer hop{IpAddress::parse(peer).value(), "http"};
    addForwardedHeaders(request, listener_plan, hop, findDownstream(request, listener_plan, hop));
    std::string lines;
    for (const http::Header& field : request.headers) {
      lines += std::string(field.name) + ": " + std::string(field.value) + "\n";
    }
    return lines;
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  ListenerPlan listener_plan;
};

TEST_F(ForwardedTest, TheClientIsThePeer) { EXPECT_EQ(clientOf("203.0.113.7"), "203.0.113.7"); }

TEST_F(ForwardedTest, NobodyBelievesAStranger) {
  header("x-forwarded-for", "198.51.100.1");
  EXPECT_EQ(clientOf("203.0.113.7"), "203.0.113.7");
}

TEST_F(ForwardedTest, ATrustedPeerNamesTheClient) {
  header("x-forwarded-for", "198.51.100.1");
  EXPECT_EQ(clientOf("10.0.0.1"), "198.51.100.1");
}

TEST_F(ForwardedTest, TheLastThatIsNotTrustedIsTheClient) {
  header("x-forwarded-for", "1.1.1.1, 198.51.100.1 ,10.9.9.9");
  header("X-Forwarded-For", "10.0.0.2");
  EXPECT_EQ(clientOf("10.0.0.1"), "198.51.100.1");
}

TEST_F(ForwardedTest, WhenAllAreTrustedTheFirstIsTheClient) {
  header("x-forwarded-for", "10.0.0.3, 10.0.0.2");
  EXPECT_EQ(clientOf("10.0.0.1"), "10.0.0.3");
}

TEST_F(ForwardedTest, PortsAreLeftOut) {
  header("x-forwarded-for", "198.51.100.1:4711");
  EXPECT_EQ(clientOf("10.0.0.1"), "198.51.100.1");
  request.headers.clear();
  header("x-forwarded-for", "[2001:db8::1]:4711");
  EXPECT_EQ(clientOf("::1"), "2001:db8::1");
}

TEST_F(ForwardedTest, WhatIsNoAddressNamesNobody) {
  header("x-forwarded-for", "unknown, 10.0.0.2");
  EXPECT_EQ(clientOf("10.0.0.1"), "10.0.0.2");
  request.headers.clear();
  header("x-forwarded-for", "");
  EXPECT_EQ(clientOf("10.0.0.1"), "10.0.0.1");
  request.headers.clear();
  header("x-forwarded-for", " \t");
  EXPECT_EQ(clientOf("10.0.0.1"), "10.0.0.1");
}

TEST_F(ForwardedTest, ATrustedPeerSaysHowItsClientCame) {
  header("x-forwarded-proto", "HTTPS");
  header("x-forwarded-host", "bank.test:8443");
  const Downstream found = downstreamOf("10.0.0.1");
  EXPECT_TRUE(found.trusted_peer);
  EXPECT_EQ(found.scheme, "https");
  EXPECT_EQ(found.host, "bank.test:8443");
}

TEST_F(ForwardedTest, AStrangerSaysNothing) {
  header("x-forwarded-proto", "https");
  header("x-forwarded-host", "bank.test");
  const Downstream found = downstreamOf("203.0.113.7");
  EXPECT_FALSE(found.trusted_peer);
  EXPECT_EQ(found.scheme, "http");
  EXPECT_EQ(found.host, "");
}

TEST_F(ForwardedTest, WithoutAWordTheConnectionCounts) {
  EXPECT_EQ(downstreamOf("10.0.0.1").scheme, "http");
  EXPECT_EQ(downstreamOf("10.0.0.1").host, "");
}

TEST_F(ForwardedTest, TheSchemeOfAWebSocketIsOneOfHttp) {
  header("x-forwarded-proto", "wss");
  EXPECT_EQ(downstreamOf("10.0.0.1").scheme, "https");
}

TEST_F(ForwardedTest, WhatIsNoSchemeOrHostIsNotBelieved) {
  header("x-forwarded-proto", "gopher");
  header("x-forwarded-host", "user@bank.test/x");
  EXPECT_EQ(downstreamOf("10.0.0.1").scheme, "http");
  EXPECT_EQ(downstreamOf("10.0.0.1").host, "");
}

// In each list, the element written by the hop that also wrote the client's address counts.
TEST_F(ForwardedTest, OfListsTheClientsElementsCount) {
  header("x-forwarded-for", "6.6.6.6, 198.51.100.1, 10.0.0.2");
  header("x-forwarded-proto", "http, https, http");
  header("x-forwarded-host", "forged.test, bank.test");
  header("x-forwarded-host", "inner.test");
  const Downstream found = downstreamOf("10.0.0.1");
  EXPECT_EQ(found.address, "198.51.100.1");
  EXPECT_EQ(found.scheme, "https");
  EXPECT_EQ(found.host, "bank.test");
}

TEST_F(ForwardedTest, AShorterListHasOneElementForAll) {
  header("x-forwarded-for", "198.51.100.1, 10.0.0.3, 10.0.0.2");
  header("x-forwarded-proto", "https");
  EXPECT_EQ(downstreamOf("10.0.0.1").scheme, "https");
}

TEST_F(ForwardedTest, SaysWhoTheClientIs) {
  EXPECT_EQ(headersFrom("203.0.113.7"),
            "via: 1.1 weir\n"
            "x-forwarded-for: 203.0.113.7\n"
            "x-forwarded-proto: http\n"
            "x-forwarded-host: shop.test\n"
            "forwarded: for=203.0.113.7;proto=http;host=\"shop.test\"\n");
}

TEST_F(ForwardedTest, DropsWhatAStrangerClaimed) {
  header("x-forwarded-for", "1.1.1.1");
  header("x-forwarded-proto", "https");
  header("x-forwarded-host", "bank.test");
  header("forwarded", "for=1.1.1.1");
  EXPECT_EQ(headersFrom("203.0.113.7"),
            "via: 1.1 weir\n"
            "x-forwarded-for: 203.0.113.7\n"
            "x-forwarded-proto: http\n"
            "x-forwarded-host: shop.test\n"
            "forwarded: for=203.0.113.7;proto=http;host=\"shop.test\"\n");
}

TEST_F(ForwardedTest, AddsToWhatATrustedPeerSaid) {
  header("x-forwarded-for", "1.1.1.1");
  header("x-forwarded-proto", "https");
  header("x-forwarded-host", "bank.test");
  header("forwarded", "for=1.1.1.1");
  header("via", "2 edge");
  EXPECT_EQ(headersFrom("10.0.0.1"),
            "x-forwarded-proto: https\n"
            "x-forwarded-host: bank.test\n"
            "via: 2 edge, 1.1 weir\n"
            "x-forwarded-for: 1.1.1.1, 10.0.0.1\n"
            "forwarded: for=1.1.1.1, for=10.0.0.1;proto=http;host=\"shop.test\"\n");
}

TEST_F(ForwardedTest, WritesIpv6AsItMustBe) {
  listener_plan.trusted_proxies.clear();
  EXPECT_EQ(headersFrom("2001:db8::1"),
            "via: 1.1 weir\n"
            "x-forwarded-for: 2001:db8::1\n"
            "x-forwarded-proto: http\n"
            "x-forwarded-host: shop.test\n"
            "forwarded: for=\"[2001:db8::1]\";proto=http;host=\"shop.test\"\n");
}

// RFC 7239, 6.2. X-Forwarded-For lists addresses only.
TEST_F(ForwardedTest, AClientOverAUnixSocketIsUnknown) {
  header("x-forwarded-for", "1.1.1.1");
  const Peer hop{net::Address::unixPath("/run/x.sock").ip(), "http"};
  const Downstream found = findDownstream(request, listener_plan, hop);
  EXPECT_EQ(found.address, "unknown");
  addForwardedHeaders(request, listener_plan, hop, found);
  EXPECT_FALSE(request.headers.get("x-forwarded-for"));
  EXPECT_EQ(request.headers.get("forwarded"), "for=unknown;proto=http;host=\"shop.test\"");
}

TEST_F(ForwardedTest, AUnixSocketThatIsTrustedAddsNoAddress) {
  listener_plan.trusted_proxies = {*IpRange::parse("::/0")};
  header("x-forwarded-for", "1.1.1.1");
  header("forwarded", "for=1.1.1.1");
  const Peer hop{IpAddress(), "http"};
  const Downstream found = findDownstream(request, listener_plan, hop);
  EXPECT_EQ(found.address, "1.1.1.1");
  addForwardedHeaders(request, listener_plan, hop, found);
  EXPECT_EQ(request.headers.get("x-forwarded-for"), "1.1.1.1");
  EXPECT_EQ(request.headers.get("forwarded"),
            "for=1.1.1.1, for=unknown;proto=http;host=\"shop.test\"");
}

TEST_F(ForwardedTest, WithoutAHostNoneIsNamed) {
  request.authority = {};
  request.version = http::Version::kHttp10;
  EXPECT_EQ(headersFrom("203.0.113.7"),
            "via: 1.0 weir\n"
            "x-forwarded-for: 203.0.113.7\n"
            "x-forwarded-proto: http\n"
            "forwarded: for=203.0.113.7;proto=http\n");
}

TEST_F(ForwardedTest, ASidecarLeavesThemAlone) {
  listener_plan.forwarded = ForwardedMode::kPreserve;
  request.version = http::Version::kHttp2;
  header("x-forwarded-for", "1.1.1.1");
  EXPECT_EQ(headersFrom("203.0.113.7"), "x-forwarded-for: 1.1.1.1\nvia: 2 weir\n");
}

}  // namespace
}  // namespace weir::proxy
