#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/proxy/plan.h"
#include "core/server/plan_builder.h"

namespace weir::server {

// `discovery = { list = ["10.0.0.1:80"] }`, resolved at once, or { later = "word" }, resolved
// later.
struct ListSource final : upstream::DiscoverySource {
  explicit ListSource(std::vector<std::string> list) : addresses(std::move(list)) {}

  std::string identity() const override {
    std::string text;
    for (const std::string& address : addresses) text += address + " ";
    return text;
  }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return nullptr;
  }
  upstream::SharedEndpoints known() const override {
    upstream::EndpointSet set;
    for (const std::string& address : addresses) {
      set.endpoints.push_back({net::Address::parse(address).value(), 1, {}});
    }
    return std::make_shared<const upstream::EndpointSet>(std::move(set));
  }

  const std::vector<std::string> addresses;
};

// A discovery whose results the test supplies.
struct Later final : upstream::Discovery {
  explicit Later(std::vector<Later*>& running) : all(running) { all.push_back(this); }
  ~Later() override { std::erase(all, this); }
  void start(upstream::DiscoveryEvents& to) override { events = &to; }

  std::vector<Later*>& all;
  upstream::DiscoveryEvents* events = nullptr;
};

struct LaterSource final : upstream::DiscoverySource {
  LaterSource(std::string name, std::vector<Later*>& all) : word(std::move(name)), running(all) {}

  std::string identity() const override { return word; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return std::make_unique<Later>(running);
  }

  const std::string word;
  std::vector<Later*>& running;
};

struct NoBalancer : upstream::Balancer {
  using Config = config::NoSettings;
  NoBalancer(const Config&, const upstream::BalancerTools&) {}
  void setMembers(std::span<upstream::Member* const>) override {}
  upstream::Member* pick(const upstream::Pick&) override { return nullptr; }
};

// A balancer with a setting.
struct OtherBalancer : NoBalancer {
  struct Config {
    std::uint32_t choices = 2;

    static void read(config::Table& table, Config& out) {
      table.read("choices", out.choices, "Number of choices.", {.min = 1, .max = 1000});
    }
    friend bool operator==(const Config&, const Config&) = default;
  };
  OtherBalancer(const Config& config, const upstream::BalancerTools& tools)
      : NoBalancer({}, tools), settings(config) {}

  const Config settings;
};

struct OneGuard final : upstream::Guard {
  using Config = config::NoSettings;
  OneGuard(const Config&, const upstream::GuardTools&) {}
};

// Builds plans from settings in TOML.
class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    registry.addBalancer<NoBalancer>("peak_ewma", "No balancing.");
    registry.addBalancer<OtherBalancer>("other", "Other balancing.");
    registry.addGuard<OneGuard>("one", "Guards nothing.");
    registry.addDiscovery<std::vector<std::string>>("list", "Addresses.", &makeList);
  }

  // The plan, or null with `diagnostics` filled.
  std::shared_ptr<const proxy::Plan> build(std::string_view toml,
                                           const proxy::Plan* previous = nullptr) {
    config::Diagnostics found;
    Settings settings;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, registry.extensions(), settings, found);
    auto plan = found.empty() ? builder.build(settings, previous, found) : nullptr;
    diagnostics = found.text();
    return plan;
  }

  static std::shared_ptr<const upstream::DiscoverySource> makeList(
      const std::vector<std::string>& addresses) {
    return std::make_shared<const ListSource>(addresses);
  }

  Registry registry;
  NameTable names;
  Counts counts;
  PlanBuilder builder{registry, names, counts};
  Random random{1};
  std::string diagnostics;
};

}  // namespace weir::server
