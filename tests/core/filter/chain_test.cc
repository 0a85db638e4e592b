#include "core/filter/chain.h"

#include <string>

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/filter/registry.h"
#include "tests/support/filter_chain.h"

namespace weir::filter {
namespace {

// The events, in order; the filters of a test record them through their Control.
class Journal final : public Control {
 public:
  void respond(const LocalReply&) override { text += "respond "; }
  void resume() override { text += "resume "; }
  std::string_view clientAddress() override { return "203.0.113.7"; }

  std::string text;
};

// Records each call and returns the configured verdicts for requests and responses.
class RecordingFilter final : public Filter {
 public:
  struct Config {
    std::string name;
    std::string verdict;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("name", out.name, "Its name.");
      table.read("verdict", out.verdict, "What it says.");
    }
  };
  RecordingFilter(const Config& config, Control& control)
      : config_(config), journal_(static_cast<Journal&>(control)) {
    note("made");
  }
  ~RecordingFilter() override { note("gone"); }

  Verdict onRequest(http::Request&) override { return note("request"); }
  Verdict onRequestBody(Bytes& bytes, bool) override {
    if (config_.verdict == "drop") bytes = {};
    return note("body");
  }
  Verdict onResponse(http::Response&) override { return note("response"); }
  Verdict onResponseBody(Bytes&, bool) override { return note("response-body"); }
  void onLocalReply(http::Response&) override { note("local-reply"); }

 private:
  Verdict note(std::string_view what) {
    journal_.text += config_.name + ":" + std::string(what) + " ";
    if (config_.verdict == what) return Verdict::kPause;
    return config_.verdict == "respond" ? Verdict::kResponded : Verdict::kContinue;
  }

  const Config& config_;
  Journal& journal_;
};

class Silent final : public Filter {
 public:
  struct Config {
    bool operator==(const Config&) const = default;
    static void read(config::Table&, Config&) {}
  };
  Silent(const Config&, Control&) {}
};

struct FilterList {
  std::vector<config::Selected> filters;
  static void read(config::Table& table, FilterList& out) {
    table.read("filters", out.filters, table.kinds("filter"), "Filters.");
  }
};

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() {
    registry.add<RecordingFilter>("noting", "Notes what it sees.");
    registry.add<Silent>("silent", "Does nothing.");
  }
  Chain chainOf(std::string_view toml) {
    config::Diagnostics diagnostics;
    FilterList settings;
    auto document = config::Document::parse(toml, "test", diagnostics);
    config::readSettings(document, extensions, settings, diagnostics);
    EXPECT_EQ(diagnostics.text(), "");
    return test::chainOf(registry, settings.filters, names);
  }
  // Two filters "a" and "b", of which one returns a verdict other than kContinue.
  Chain pair(std::string_view of_a, std::string_view of_b = "") {
    return chainOf("filters = [{ noting = { name = 'a', verdict = '" + std::string(of_a) +
                   "' } }, { noting = { name = 'b', verdict = '" + std::string(of_b) + "' } }]");
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  http::Response response{arena};
  Bytes body = asBytes("bytes");
  NameTable names;
  config::Extensions extensions;
  Registry registry{extensions};
  Journal journal;
};

TEST_F(ChainTest, RequestsPassForwardsAndResponsesBack) {
  const Chain chain = pair("");
  {
    Filters filters(chain, arena, journal);
    EXPECT_EQ(filters.onRequest(request), Verdict::kContinue);
    EXPECT_EQ(filters.onRequestBody(body, true), Verdict::kContinue);
    EXPECT_EQ(filters.onResponse(response), Verdict::kContinue);
    EXPECT_EQ(filters.onResponseBody(body, true), Verdict::kContinue);
  }
  EXPECT_EQ(journal.text,
            "a:made b:made a:request b:request a:body b:body b:response a:response "
            "b:response-body a:response-body a:gone b:gone ");
}

TEST_F(ChainTest, APausedRequestGoesOnBehindTheOneThatPaused) {
  const Chain chain = pair("request");
  Filters filters(chain, arena, journal);
  EXPECT_EQ(filters.onRequest(request), Verdict::kPause);
  EXPECT_EQ(chain.at(0).name, filters.asked().name);
  EXPECT_EQ(filters.onRequest(request), Verdict::kContinue);
  EXPECT_EQ(journal.text, "a:made b:made a:request b:request ");
}

TEST_F(ChainTest, APausedResponseGoesOnBehindTheOneThatPaused) {
  const Chain chain = pair("", "response");
  Filters filters(chain, arena, journal);
  EXPECT_EQ(filters.onResponse(response), Verdict::kPause);
  EXPECT_EQ(filters.onResponse(response), Verdict::kContinue);
  EXPECT_EQ(journal.text, "a:made b:made b:response a:response ");
}

TEST_F(ChainTest, NobodyIsAskedAfterOneThatResponded) {
  const Chain chain = pair("respond");
  Filters filters(chain, arena, journal);
  EXPECT_EQ(filters.onRequest(request), Verdict::kResponded);
  EXPECT_EQ(filters.onRequestBody(body, false), Verdict::kResponded);
  EXPECT_EQ(journal.text, "a:made b:made a:request a:body ");
  EXPECT_EQ(filters.onResponseBody(body, false), Verdict::kResponded);
}

TEST_F(ChainTest, AnAnswerOfOursIsShownToThoseWhoSawTheRequest) {
  const Chain chain = pair("", "request");
  {
    Filters filters(chain, arena, journal);
    filters.onLocalReply(response);
    EXPECT_EQ(std::exchange(journal.text, ""), "a:made b:made ");
    EXPECT_EQ(filters.onRequest(request), Verdict::kPause);
    filters.onLocalReply(response);
  }
  EXPECT_EQ(journal.text, "a:request b:request b:local-reply a:local-reply a:gone b:gone ");
}

TEST_F(ChainTest, ABodyMayBeReplaced) {
  const Chain chain = pair("drop");
  Filters filters(chain, arena, journal);
  EXPECT_EQ(filters.onRequestBody(body, false), Verdict::kContinue);
  EXPECT_TRUE(body.empty());
}

TEST_F(ChainTest, AFilterNeedOnlyDoWhatItWants) {
  const Chain chain = chainOf("filters = [{ silent = {} }]");
  Filters filters(chain, arena, journal);
  EXPECT_EQ(filters.onRequest(request), Verdict::kContinue);
  EXPECT_EQ(filters.onRequestBody(body, true), Verdict::kContinue);
  EXPECT_EQ(filters.onResponse(response), Verdict::kContinue);
  EXPECT_EQ(filters.onResponseBody(body, true), Verdict::kContinue);
  filters.onLocalReply(response);
  EXPECT_EQ(response.headers.begin(), response.headers.end());
}

TEST_F(ChainTest, ALinkHasItsKindsName) {
  const Chain chain = pair("");
  EXPECT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[0].name, "noting");
  EXPECT_EQ(names.name(chain[1].id), "noting");
}

TEST_F(ChainTest, AnEmptyChainLetsEverythingPass) {
  const Chain chain = chainOf("filters = []");
  Filters filters(chain, arena, journal);
  EXPECT_EQ(filters.onRequest(request), Verdict::kContinue);
  EXPECT_EQ(filters.onResponse(response), Verdict::kContinue);
}

}  // namespace
}  // namespace weir::filter
