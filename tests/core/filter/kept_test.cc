#include "core/filter/kept.h"

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/filter/chain_builder.h"

namespace weir::filter {
namespace {

// A filter whose settings name an upstream, which is the number that the check finds.
class Named final : public Filter {
 public:
  struct Config {
    std::string upstream;
    std::chrono::seconds timeout{5};
    config::Origin origin;
    NameId id = 0;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("upstream", out.upstream, "Name of an upstream.");
      table.read("timeout", out.timeout, "Time limit.");
      table.locate(out.origin, "upstream");
    }
  };
  static void check(Config& config, References& references, config::Diagnostics& diagnostics) {
    config.id = references.upstream(config.upstream, "upstream", config.origin, diagnostics);
  }
  struct Local {
    Local(const Config&, const LocalTools&) {}
  };
  Named(const Config&, Local&, Control&) {}
};

// A filter that has no check.
class Plain final : public Filter {
 public:
  struct Config {
    std::int64_t number = 0;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("number", out.number, "A number.");
    }
  };
  Plain(const Config&, Control&) {}
};

// A filter that sets a field of requests.
class Setting final : public Filter {
 public:
  struct Config {
    std::string header;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("header", out.header, "Name of a header.");
    }
  };
  static void addRequestFields(const Config& config, http::FieldSet& fields) {
    fields.add(config.header);
  }
  Setting(const Config&, Control&) {}
};

struct KeptRoutes {
  std::map<std::string, std::vector<FilterSetting>> chains;
  static void read(config::Table& table, KeptRoutes& out) {
    table.read("chains", out.chains, table.kinds("filter"), "Filters by name.");
  }
};

class KeptTest : public ::testing::Test {
 protected:
  KeptTest() {
    registry.add<Named>("named", "Names an upstream.");
    registry.add<Plain>("plain", "Has a number.");
    registry.add<Setting>("setting", "Sets a field.");
  }
  using Chains = std::map<std::string, std::shared_ptr<const Chain>>;
  Chains build(std::string_view toml) {
    config::Diagnostics found;
    KeptRoutes routes;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, extensions, routes, found);
    References references({"auth", "orders"}, names);
    ChainBuilder builder(kept, references, names);
    Chains chains;
    kept.dropUnused();
    for (const auto& [name, filters] : routes.chains) chains[name] = builder.chain(filters, found);
    diagnostics = found.text();
    request_fields = builder.requestFields().names();
    return chains;
  }

  config::Extensions extensions;
  Registry registry{extensions};
  Kept kept{registry};
  std::vector<std::string> request_fields;
  NameTable names;
  std::string diagnostics;
};

TEST_F(KeptTest, TheFieldsThatFiltersSetAreThoseOfAllRoutes) {
  build(
      "chains = { a = [{ setting = { header = 'X-User' } }, { plain = {} }],"
      "           b = [{ setting = { header = 'x_tenant' } }] }");
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(request_fields, (std::vector<std::string>{"x-tenant", "x-user"}));
}

TEST_F(KeptTest, FiltersWithDifferentConditionsDiffer) {
  const Chains chains = build(
      "chains = { a = [{ plain = { when = 'request.method == \"GET\"' } }],"
      "           b = [{ plain = { when = 'request.method == \"GET\"' } }],"
      "           c = [{ plain = {} }] }");
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(chains.at("a"), chains.at("b"));
  ASSERT_NE(chains.at("a"), chains.at("c"));
  EXPECT_NE(chains.at("a")->front().when, nullptr);
  EXPECT_EQ(chains.at("c")->front().when, nullptr);
}

TEST_F(KeptTest, AMistakeInAConditionIsReportedWithItsPlace) {
  build("chains = { a = [{ plain = { when = 'request.methd == \"GET\"' } }] }");
  EXPECT_NE(diagnostics.find("request.method"), std::string::npos) << diagnostics;
}

TEST_F(KeptTest, EqualFiltersAreOne) {
  const Chains chains = build(R"([chains]
    a = [{ named = { upstream = "auth" } }, { plain = { number = 1 } }]
    b = [{ named = { upstream = "auth", timeout = "5s" } }, { plain = { number = 1 } }]
    c = [{ plain = { number = 1 } }, { plain = { number = 2 } }]
    d = [])");
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(chains.at("a"), chains.at("b"));
  EXPECT_NE(chains.at("a"), chains.at("c"));
  EXPECT_EQ(chains.at("a")->at(1).maker, chains.at("c")->at(0).maker);
  EXPECT_NE(chains.at("c")->at(0).maker, chains.at("c")->at(1).maker);
  EXPECT_EQ(chains.at("d"), nullptr);
  EXPECT_EQ(kept.size(), 3U);
}

TEST_F(KeptTest, AReloadFindsWhatIsInUse) {
  Chains before = build("chains.a = [{ named = { upstream = 'auth', timeout = '1m' } }]");
  const Chains after = build("\n\nchains.b = [{ named = { timeout = '60s', upstream = 'auth' } }]");
  EXPECT_EQ(before.at("a")->at(0).maker, after.at("b")->at(0).maker);
}

TEST_F(KeptTest, WhatIsNotInUseIsForgotten) {
  const MakerId first = build("chains.a = [{ plain = {} }]").at("a")->at(0).maker->id();
  const MakerId second = build("chains.a = [{ plain = {} }]").at("a")->at(0).maker->id();
  EXPECT_NE(first, second);
  build("chains = {}");
  EXPECT_EQ(kept.size(), 0U);
}

TEST_F(KeptTest, ManyDifferentFiltersAreFoundAgain) {
  std::string toml = "[chains]\n";
  for (int i = 0; i < 1'000; ++i) {
    toml += "a" + std::to_string(i) + " = [{ plain = { number = " + std::to_string(i) + " } }]\n";
  }
  const Chains before = build(toml);
  EXPECT_EQ(kept.size(), 1'000U);
  const Chains after = build(toml);
  EXPECT_EQ(kept.size(), 1'000U);
  for (const auto& [name, chain] : before) {
    EXPECT_EQ(chain->at(0).maker, after.at(name)->at(0).maker);
  }
}

// Settings are checked at each position, also those of a filter that is kept.
TEST_F(KeptTest, ACheckNamesThePositionInTheFileOfToday) {
  const Chains chains = build("chains.a = [{ named = { upstream = 'auth' } }]");
  EXPECT_EQ(diagnostics, "");
  build(
      "\nchains.a = [{ named = { upstream = 'oders' } }]\nchains.b = [{ named = { upstream = "
      "'oders' } }]");
  EXPECT_EQ(diagnostics,
            "test.toml:2:36: chains.a[0].named.upstream: there is no upstream \"oders\" (did you "
            "mean \"orders\"?)\n"
            "test.toml:3:36: chains.b[0].named.upstream: there is no upstream \"oders\" (did you "
            "mean \"orders\"?)\n");
}

}  // namespace
}  // namespace weir::filter
