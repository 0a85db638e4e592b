#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/dns/resolver.h"
#include "core/upstream/discovery.h"
#include "tests/support/dns_server.h"
#include "tests/support/fake_client.h"

namespace weir::mesh {

// Records the events of a discovery.
class Heard final : public upstream::DiscoveryEvents {
 public:
  // "10.0.0.1:80*2 10.0.0.2:80": the latest result, in its order.
  std::string endpoints() const {
    std::string text;
    if (latest == nullptr) return "nothing";
    for (const upstream::Endpoint& endpoint : latest->endpoints) {
      text += (text.empty() ? "" : " ") + endpoint.address.text();
      if (endpoint.weight != 1) text += "*" + std::to_string(endpoint.weight);
    }
    return text;
  }

  upstream::SharedEndpoints latest;
  int answers = 0;
  std::vector<std::string> failures;

 private:
  void onEndpoints(upstream::SharedEndpoints endpoints) override {
    latest = std::move(endpoints);
    ++answers;
  }
  void onDiscoveryFailed(std::string_view what) override { failures.emplace_back(what); }
};

// A DNS server, a resolver that queries it, and manual time.
class DiscoveryTest : public ::testing::Test {
 protected:
  void start(const upstream::DiscoverySource& source) {
    discovery = source.make({loop, *resolver, http_client, names});
    discovery->start(heard);
    settle();
  }
  // Runs turns until all queries are answered: time does not pass by itself.
  void settle() {
    const std::size_t before = told();
    for (int turn = 0; turn < 2'000 && (told() == before || turn < 20); ++turn) loop.runOnce();
  }
  void pass(Milliseconds time) {
    loop.advance(time);
    settle();
  }
  std::size_t told() const {
    return static_cast<std::size_t>(heard.answers) + heard.failures.size();
  }

  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient http_client{loop};
  NameTable names;
  test::DnsServer server{loop};
  std::unique_ptr<dns::Resolver> resolver = std::move(
      dns::Resolver::make(loop, {.servers = {server.address()}, .search_domains = false}).value());
  Heard heard;
  std::unique_ptr<upstream::Discovery> discovery;
};

// The diagnostics of settings in TOML, one per line; empty if there are none.
template <typename T>
std::string mistakesIn(std::string_view toml, T& out) {
  config::Diagnostics diagnostics;
  const config::Extensions extensions;
  auto document = config::Document::parse(toml, "test", diagnostics);
  config::readSettings(document, extensions, out, diagnostics);
  return diagnostics.text();
}
template <typename T>
std::string mistakesIn(std::string_view toml) {
  T ignored;
  return mistakesIn(toml, ignored);
}

}  // namespace weir::mesh
