#include "core/filter/chain_builder.h"

#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/config/toml_writer.h"
#include "core/filter/registry.h"

namespace weir::filter {
namespace {

class Numbered final : public Filter {
 public:
  struct Config {
    unsigned number = 0;
    std::string upstream;
    config::Origin origin;
    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("number", out.number, "A number.");
      table.read("upstream", out.upstream, "An upstream.");
      table.locate(out.origin, "upstream");
    }
  };
  static void check(Config& config, References& references, config::Diagnostics& diagnostics) {
    if (!config.upstream.empty()) {
      references.upstream(config.upstream, "upstream", config.origin, diagnostics);
    }
  }
  Numbered(const Config&, Control&) {}
};

struct NamedSample {
  NamedFilters named;
  std::vector<FilterSetting> first;
  std::vector<FilterSetting> second;
  static void read(config::Table& table, NamedSample& out) {
    table.read("filter", out.named, table.kinds("filter"), "Named filters.");
    table.read("first", out.first, table.kinds("filter"), "Filters.");
    table.read("second", out.second, table.kinds("filter"), "Filters.");
  }
};

class ChainBuilderTest : public ::testing::Test {
 protected:
  ChainBuilderTest() { registry_.add<Numbered>("numbered", "Has a number."); }

  void build(std::string_view toml) {
    config::Diagnostics found;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, extensions_, sample, found);
    References references({"auth"}, names_);
    ChainBuilder builder(kept_, references, names_);
    builder.define(sample.named, found);
    first = builder.chain(sample.first, found);
    second = builder.chain(sample.second, found);
    longest = builder.longest();
    diagnostics = found.text();
    shown = config::tomlText(config::showSettings(sample, extensions_));
  }

  NamedSample sample;
  std::shared_ptr<const Chain> first;
  std::shared_ptr<const Chain> second;
  std::size_t longest = 0;
  std::string diagnostics;
  std::string shown;

 private:
  config::Extensions extensions_;
  Registry registry_{extensions_};
  Kept kept_{registry_};
  NameTable names_;
};

TEST_F(ChainBuilderTest, ANameStandsForTheFilter) {
  build(R"(
first = ["one", { numbered = { number = 2 } }]
second = [{ numbered = { number = 1 } }, "two"]
[filter.one]
numbered = { number = 1 }
[filter.two]
numbered = { number = 2 }
)");
  EXPECT_EQ(diagnostics, "");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->size(), 2U);
  EXPECT_EQ(first, second);
  EXPECT_EQ(first->front().name, "numbered");
  EXPECT_EQ(longest, 2U);
}

TEST_F(ChainBuilderTest, APrintedListShowsNames) {
  build("first = ['one']\n[filter.one]\nnumbered = {}\n");
  EXPECT_EQ(shown, "first = [\"one\"]\n\n[filter.one]\nnumbered = {}\n");
}

TEST_F(ChainBuilderTest, AnUnknownNameIsAMistake) {
  build("first = ['onne', '']\n[filter.one]\nnumbered = {}\n");
  EXPECT_EQ(diagnostics,
            "test.toml:1:10: first[0]: there is no filter \"onne\": define it in [filter.onne] "
            "(did you mean \"one\"?)\n"
            "test.toml:1:18: first[1]: must not be empty\n");
}

TEST_F(ChainBuilderTest, AMistakeInANamedFilterIsReportedOnce) {
  build(
      "first = ['one']\nsecond = ['one', 'one']\n[filter.one]\nnumbered = { upstream = 'auht' }\n");
  EXPECT_EQ(diagnostics,
            "test.toml:4:25: filter.one.numbered.upstream: there is no upstream \"auht\" "
            "(did you mean \"auth\"?)\n");
}

TEST_F(ChainBuilderTest, AnUnusedNamedFilterIsChecked) {
  build("[filter.one]\nnumbered = { numbr = 1 }\n[filter.two]\nnumbered = { upstream = 'a' }\n");
  EXPECT_EQ(diagnostics,
            "test.toml:2:14: filter.one.numbered.numbr: unknown key (did you mean \"number\"?)\n"
            "test.toml:4:25: filter.two.numbered.upstream: there is no upstream \"a\"\n");
}

}  // namespace
}  // namespace weir::filter
