#include "core/proxy/forwarded.h"

#include <string>

#include <gtest/gtest.h>

#include "core/base/arena.h"

namespace weir::proxy {
namespace {

class ForwardedTest : public ::testing::Test {
 protected:
  ForwardedTest() {
    request.scheme = "http";
    request.authority = "shop.test";
    listener.trusted = {*route::IpRange::parse("10.0.0.0/8"), *route::IpRange::parse("::1")};
  }
  void header(std::string_view name, std::string_view value) { request.headers.add(name, value); }
  std::string clientOf(std::string_view peer) {
    const Client client = findClient(request, listener, net::Ip::parse(peer).value());
    EXPECT_EQ(client.ip.text(), client.text);
    return std::string(client.text);
  }
  std::string headersFrom(std::string_view peer) {
    const net::Ip ip = net::Ip::parse(peer).value();
    addForwardedHeaders(request, listener, ip, findClient(request, listener, ip));
    std::string lines;
    for (const http::Header& field : request.headers) {
      lines += std::string(field.name) + ": " + std::string(field.value) + "\n";
    }
    return lines;
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  ListenerPlan listener;
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
  listener.trusted.clear();
  EXPECT_EQ(headersFrom("2001:db8::1"),
            "via: 1.1 weir\n"
            "x-forwarded-for: 2001:db8::1\n"
            "x-forwarded-proto: http\n"
            "x-forwarded-host: shop.test\n"
            "forwarded: for=\"[2001:db8::1]\";proto=http;host=\"shop.test\"\n");
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
  listener.forwarded = ForwardedMode::kPreserve;
  request.version = http::Version::kHttp2;
  header("x-forwarded-for", "1.1.1.1");
  EXPECT_EQ(headersFrom("203.0.113.7"), "x-forwarded-for: 1.1.1.1\nvia: 2 weir\n");
}

}  // namespace
}  // namespace weir::proxy
