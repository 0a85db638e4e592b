#include "core/server/shared_filters.h"

#include <pthread.h>

#include <gmock/gmock.h>

#include "core/event/shared_count.h"
#include "core/proxy/plan.h"
#include "tests/core/server/server_fixture.h"

namespace weir::server {
namespace {

using test::PlainSocket;
using ::testing::HasSubstr;
using ::testing::Not;

// A source of documents on the control thread, which answers when the test decides.
struct DocumentSource {
  using Answer = std::function<void(std::string_view)>;
  int fetches = 0;
  int running = 0;  // shared parts
  Answer answer;    // to the latest fetch
  event::SharedCount locals_made;
  event::SharedCount locals_gone;
  event::SharedCount strays;  // local parts that were destroyed on another thread
};

// The filter adds the latest document to local replies.
class DocumentFilter final : public filter::Filter {
 public:
  struct Config {
    std::string upstream;
    config::Origin origin;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("upstream", out.upstream, "Upstream with the document.");
      table.locate(out.origin, "upstream");
    }
  };
  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics) {
    references.upstream(config.upstream, "upstream", config.origin, diagnostics);
  }

  class Shared {
   public:
    using Snapshot = std::string;
    Shared(const Config&, const filter::SharedTools&) { ++source->running; }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { --source->running; }
    void start(const filter::Publish<std::string>& publish, const std::function<void()>& ready) {
      ++source->fetches;
      source->answer = [publish, ready](std::string_view document) {
        publish(std::make_shared<const std::string>(document));
        ready();
      };
    }
  };

  class Local {
   public:
    Local(const Config&, const filter::LocalTools&) { source->locals_made.tryAdd(0); }
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    ~Local() {
      if (pthread_equal(pthread_self(), thread_) == 0) source->strays.tryAdd(0);
      source->locals_gone.tryAdd(0);
    }
    void onSnapshot(std::shared_ptr<const std::string> document) {
      document_ = std::move(document);
    }
    const std::shared_ptr<const std::string>& document() const { return document_; }

   private:
    const pthread_t thread_ = pthread_self();
    std::shared_ptr<const std::string> document_;
  };

  DocumentFilter(const Config&, Local& local, filter::Control&) : document_(local.document()) {}
  void onLocalReply(http::Response& response) override {
    response.headers.add("x-document", document_ == nullptr ? std::string_view("none")
                                                            : std::string_view(*document_));
  }

  static inline DocumentSource* source = nullptr;

 private:
  const std::shared_ptr<const std::string> document_;
};

// The filter marks the first hundred requests of all workers.
class HundredFilter final : public filter::Filter {
 public:
  struct Config {
    bool operator==(const Config&) const = default;
    static void read(config::Table&, Config&) {}
  };
  struct Admitted {
    mutable event::SharedCount count;
  };
  struct Shared {
    using Snapshot = Admitted;
    Shared(const Config&, const filter::SharedTools&) {}
    static void start(const filter::Publish<Admitted>& publish,
                      const std::function<void()>& ready) {
      publish(std::make_shared<const Admitted>());
      ready();
    }
  };
  HundredFilter(const Config&, const std::shared_ptr<const Admitted>& admitted, filter::Control&)
      : admitted_(admitted->count.tryAdd(100)) {}
  void onLocalReply(http::Response& response) override {
    response.headers.add("x-admitted", admitted_ ? "yes" : "no");
  }

 private:
  const bool admitted_;
};

class SharedFiltersTest : public ServerTest {
 protected:
  explicit SharedFiltersTest(Milliseconds limit = Milliseconds(60'000)) : ServerTest(limit) {
    DocumentFilter::source = &source;
    registry.filters().add<DocumentFilter>("document", "Adds a document.");
    registry.filters().add<HundredFilter>("hundred", "Marks requests.");
  }
  // A route with these filters.
  static std::string with(std::string_view filters, std::string_view route = "all") {
    return listener("public") + "[upstream.documents]\ndiscovery.list = [\"127.0.0.1:9\"]\n" +
           "[[route]]\nname = \"" + std::string(route) + "\"\nrespond = { body = \"b\" }\n" +
           "filters = [" + std::string(filters) + "]\n";
  }
  static std::string withDocument(std::string_view route = "all") {
    return with("{ document = { upstream = \"documents\" } }", route);
  }
  void beginPublishing(const std::string& toml) {
    const auto plan = build(toml, server.plan());
    ASSERT_NE(plan, nullptr) << diagnostics;
    config::Diagnostics found;
    ASSERT_TRUE(server.publish(plan, found, [this] { ++live; }));
  }
  // Publishes the first plan with the document.
  void publishDocument(std::string_view document) {
    beginPublishing(withDocument());
    source.answer(document);
    ASSERT_TRUE(until([&] { return live == 1; }));
  }
  // One request to each of several connections, so that every worker is probably among them.
  void askAll(std::string_view expected) {
    for (int i = 0; i < 16; ++i) EXPECT_THAT(ask(dial()), HasSubstr(expected));
  }

  DocumentSource source;
};

TEST_F(SharedFiltersTest, ADocumentIsFetchedOnceInAHundredReloads) {
  publishDocument("first");
  askAll("x-document: first\r\n");
  for (int i = 0; i < 100; ++i) publish(withDocument("r" + std::to_string(i)));
  EXPECT_EQ(source.fetches, 1);
  EXPECT_EQ(source.running, 1);
  askAll("x-document: first\r\n");
  EXPECT_LE(source.locals_made.value(), 2U);
  EXPECT_EQ(source.locals_gone.value(), 0U);
}

TEST_F(SharedFiltersTest, WorkersGetEachNewSnapshot) {
  publishDocument("first");
  PlainSocket& client = dial();
  EXPECT_THAT(ask(client), HasSubstr("x-document: first\r\n"));
  source.answer("second");
  EXPECT_TRUE(until([&] { return ask(client).find("x-document: second") != std::string::npos; }));
}

TEST_F(SharedFiltersTest, APlanWaitsForTheFirstAnswer) {
  beginPublishing(withDocument());
  for (int i = 0; i < 100; ++i) loop.runOnce();
  EXPECT_EQ(live, 0);
  source.answer("first");
  EXPECT_TRUE(until([&] { return live == 1; }));
  askAll("x-document: first\r\n");
}

TEST_F(SharedFiltersTest, EndWithTheLastPlan) {
  publishDocument("first");
  askAll("x-document: first\r\n");
  const std::uint64_t made = source.locals_made.value();
  EXPECT_GT(made, 0U);
  publish(saying("none", listener("public")));
  EXPECT_TRUE(until([&] { return source.running == 0 && source.locals_gone.value() == made; }));
  EXPECT_EQ(source.strays.value(), 0U);
  EXPECT_EQ(server.sharedFilters().running(), 0U);
  source.answer("nobody is there");  // has no effect
  EXPECT_THAT(ask(dial()), Not(HasSubstr("x-document")));
}

TEST_F(SharedFiltersTest, AMissingNameIsRefusedAtItsTable) {
  publishDocument("first");
  const std::string two = with("{ document = { upstream = \"documents\" } }, { document = {} }");
  EXPECT_EQ(build(two, server.plan()), nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:9:68: route[0].filters[1].document.upstream: there is no upstream \"\"\n");
  EXPECT_EQ(source.fetches, 1);
}

TEST_F(SharedFiltersTest, ARefusedPlanChangesNothing) {
  publishDocument("first");
  const std::string wrong = with("{ document = { upstream = \"document\" } }");
  EXPECT_EQ(build(wrong, server.plan()), nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:9:38: route[0].filters[0].document.upstream: there is no upstream "
            "\"document\" (did you mean \"documents\"?)\n");
  EXPECT_EQ(source.fetches, 1);
  askAll("x-document: first\r\n");
}

TEST_F(SharedFiltersTest, AnUpstreamOfAFilterIsUsed) {
  EXPECT_NE(build(withDocument()), nullptr);
  EXPECT_EQ(diagnostics, "");
  EXPECT_NE(build(with("")), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("not used"));
}

TEST_F(SharedFiltersTest, StateSharedByWorkersIsExact) {
  const std::string toml = with("{ hundred = {} }");
  publish(toml);
  std::vector<PlainSocket*> all;
  for (int i = 0; i < 16; ++i) all.push_back(&dial());
  int admitted = 0;
  for (int round = 0; round < 10; ++round) {
    if (round == 5) publish(toml);  // the state is kept
    for (PlainSocket* client : all) client->send(kGet);
    for (PlainSocket* client : all) {
      std::string answer;
      ASSERT_TRUE(until([&] {
        answer += client->take();
        return answer.ends_with("\r\n\r\nb");
      }));
      if (answer.find("x-admitted: yes") != std::string::npos) ++admitted;
    }
  }
  EXPECT_EQ(admitted, 100);
}

TEST_F(SharedFiltersTest, ManyRoutesWithEqualFiltersShareOne) {
  std::string toml =
      listener("public") + "[upstream.documents]\ndiscovery.list = [\"127.0.0.1:9\"]\n";
  for (int i = 0; i < 10'000; ++i) {
    toml += "[[route]]\nname = \"r" + std::to_string(i) + "\"\nhosts = [\"h" + std::to_string(i) +
            ".test\"]\nrespond = {}\nfilters = [{ hundred = {} }, " +
            "{ document = { upstream = \"documents\" } }]\n";
  }
  const auto plan = build(toml);
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->lasting_filters.size(), 2U);
  for (const auto& chain : plan->chains) ASSERT_EQ(chain, plan->chains.at(0));
  const auto again = build(toml, plan.get());
  EXPECT_EQ(again->lasting_filters, plan->lasting_filters);
}

class WarmUpLimitTest : public SharedFiltersTest {
 protected:
  WarmUpLimitTest() : SharedFiltersTest(Milliseconds(20)) {}
};

TEST_F(WarmUpLimitTest, WithoutAnAnswerAPlanGoesLiveAfterTheLimit) {
  beginPublishing(withDocument());
  EXPECT_EQ(live, 0);
  EXPECT_TRUE(until([&] { return live == 1; }));
  PlainSocket& client = dial();
  EXPECT_THAT(ask(client), HasSubstr("x-document: none\r\n"));
  source.answer("late");
  EXPECT_TRUE(until([&] { return ask(client).find("x-document: late") != std::string::npos; }));
}

}  // namespace
}  // namespace weir::server
