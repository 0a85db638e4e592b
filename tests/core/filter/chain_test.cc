#include "core/filter/chain.h"

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/filter/registry.h"
#include "tests/support/filter_chain.h"

namespace weir::filter {
namespace {

// A verdict cannot be ignored in silence, made without a meaning, or changed afterwards, and there
// is no other way to reply or to wait.
static_assert(!std::is_default_constructible_v<Verdict>);
static_assert(!std::is_constructible_v<Verdict, bool>);
template <typename T>
concept Responds = requires(T& control, const LocalReply& reply) {
  control.respond(reply);
};
static_assert(!Responds<Control>);
template <typename T>
concept ResumesWithoutVerdict = requires(T& control) {
  control.resumeRequest();
};
static_assert(!ResumesWithoutVerdict<Control>);
template <typename T>
concept WaitsWithoutLimit = requires {
  T::wait();
};
static_assert(!WaitsWithoutLimit<Verdict>);

// The events of all filters, in order.
std::string& journal() {
  static std::string text;
  return text;
}

// Records each call, and returns the verdict of `decide` for it.
class RecordingFilter final : public Filter {
 public:
  using Decide = std::function<Verdict(std::string_view name, std::string_view event, Control&)>;
  struct Config {
    std::string name;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) { table.read("name", out.name, "Name."); }
  };
  static Decide& decide() {
    static Decide function;
    return function;
  }
  RecordingFilter(const Config& config, Control& control) : config_(config), control_(control) {
    record("made");
  }
  ~RecordingFilter() override { record("gone"); }

  Verdict onRequest(http::Request&) override { return ask("request"); }
  Verdict onResponse(http::Response&) override { return ask("response"); }
  void onLocalReply(http::Response&) override { record("local-reply"); }

 private:
  void record(std::string_view event) {
    journal() += config_.name + ":" + std::string(event) + " ";
  }
  Verdict ask(std::string_view event) {
    record(event);
    return decide() ? decide()(config_.name, event, control_) : Verdict::proceed();
  }

  const Config& config_;
  Control& control_;
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
  std::vector<FilterSetting> filters;
  static void read(config::Table& table, FilterList& out) {
    table.read("filters", out.filters, table.kinds("filter"), "Filters.");
  }
};

// Counts the events of the filters.
class FakeHost final : public Host {
 public:
  explicit FakeHost(event::Loop& loop) : loop_(loop), arena_(loop.scratch()) {}
  event::Loop& loop() override { return loop_; }
  Arena& arena() override { return arena_; }
  std::string_view clientAddress() override { return "203.0.113.7"; }
  http::ExchangeView& view() override { return view_; }
  void onResumed() override { ++resumed; }
  void onWatched(Side, BodyChain&) override {}
  void onBodyWanted() override {}
  void onFiltered(Side, Bytes) override {}
  void onFilteredEnd(Side) override {}
  void onReply(const LocalReply&, NameId) override {}

  int resumed = 0;

 private:
  event::Loop& loop_;
  Arena arena_;
  http::ExchangeView view_{http::ExchangeRecord()};
};

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() {
    registry.add<RecordingFilter>("recording", "Records what it sees.");
    registry.add<Silent>("silent", "Does nothing.");
    journal().clear();
    RecordingFilter::decide() = {};
  }
  Chain chainOf(std::string_view toml) {
    config::Diagnostics diagnostics;
    FilterList settings;
    auto document = config::Document::parse(toml, "test", diagnostics);
    config::readSettings(document, extensions, settings, diagnostics);
    EXPECT_EQ(diagnostics.text(), "");
    return test::chainOf(registry, settings.filters, names);
  }
  Chain pair() {
    return chainOf("filters = [{ recording = { name = 'a' } }, { recording = { name = 'b' } }]");
  }
  // The filter `name` decides so on `event`, all others let it proceed.
  void when(std::string_view name, std::string_view event, std::function<Verdict(Control&)> then) {
    RecordingFilter::decide() = [=](std::string_view who, std::string_view what, Control& control) {
      return who == name && what == event ? then(control) : Verdict::proceed();
    };
  }
  static std::string outcomesOf(const Steps& steps) {
    std::string text;
    for (std::size_t i = 0; i < steps.size; ++i) {
      text.append(toString(steps.filters[i].request.outcome)).append("/");
      text.append(toString(steps.filters[i].response.outcome)).append(" ");
    }
    return text;
  }
  void waitAt(std::string_view name, std::string_view event) {
    when(name, event, [this](Control& control) {
      waiting = &control;
      return Verdict::wait(Milliseconds(1000), Reason::kExtAuthError);
    });
  }

  event::Loop loop{event::Loop::Time::kManual};
  FakeHost host{loop};
  http::Request request{host.arena()};
  http::Response response{host.arena()};
  NameTable names;
  config::Extensions extensions;
  Registry registry{extensions};
  Control* waiting = nullptr;
};

TEST_F(ChainTest, RequestsPassForwardsAndResponsesBack) {
  const Chain chain = pair();
  {
    Filters filters(chain, host);
    EXPECT_EQ(filters.onRequest(request), Pass::kDone);
    EXPECT_EQ(filters.onResponse(response), Pass::kDone);
  }
  EXPECT_EQ(journal(), "a:made b:made a:request b:request b:response a:response a:gone b:gone ");
}

// The condition is evaluated after the filters before it, and decides for the whole exchange.
TEST_F(ChainTest, AConditionSelectsTheRequestsOfAFilter) {
  const Chain chain = chainOf(
      "filters = [{ recording = { name = 'a' } },"
      "           { recording = { name = 'b', when = 'auth.subject == \"ann\"' } }]");
  for (const std::string_view subject : {"bob", "ann"}) {
    journal().clear();
    when("a", "request", [subject](Control& control) {
      control.principal().subject = subject;
      return Verdict::proceed();
    });
    host.view().principal = {};
    Filters filters(chain, host);
    EXPECT_EQ(filters.onRequest(request), Pass::kDone);
    EXPECT_EQ(filters.onResponse(response), Pass::kDone);
    filters.onLocalReply({response, "", Reason::kNone});
    EXPECT_EQ(journal(), subject == "ann" ? "a:made b:made a:request b:request b:response "
                                            "a:response b:local-reply a:local-reply "
                                          : "a:made b:made a:request a:response a:local-reply ")
        << subject;
  }
}

// A filter may see the whole body, and fill the principal from it, before the condition counts.
TEST_F(ChainTest, AConditionIsNotEvaluatedBeforeItsTurn) {
  const Chain chain = chainOf(
      "filters = [{ recording = { name = 'a' } },"
      "           { recording = { name = 'b', when = 'has(auth.subject)' } }]");
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  host.view().principal.subject = "ann";
  waiting->resumeRequest(Verdict::proceed());
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  EXPECT_EQ(journal(), "a:made b:made a:request b:request ");
}

TEST_F(ChainTest, AWaitingRequestGoesOnAfterTheFilterThatWaited) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  waiting->resumeRequest(Verdict::proceed());
  EXPECT_EQ(host.resumed, 1);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  EXPECT_EQ(journal(), "a:made b:made a:request b:request ");
}

TEST_F(ChainTest, AWaitingResponseGoesOnAfterTheFilterThatWaited) {
  const Chain chain = pair();
  waitAt("b", "response");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onResponse(response), Pass::kWaits);
  waiting->resumeResponse(Verdict::proceed());
  EXPECT_EQ(filters.onResponse(response), Pass::kDone);
  EXPECT_EQ(journal(), "a:made b:made b:response a:response ");
}

TEST_F(ChainTest, AReplyEndsThePassage) {
  const Chain chain = pair();
  when("a", "request",
       [](Control&) { return Verdict::reply({.status = 403, .reason = Reason::kAuthzDenied}); });
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kReplied);
  EXPECT_EQ(filters.reply().status, 403);
  EXPECT_EQ(&filters.repliedBy(), &chain[0]);
  EXPECT_EQ(journal(), "a:made b:made a:request ");
}

TEST_F(ChainTest, AWaitMayEndWithAReply) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  waiting->resumeRequest(Verdict::reply({.status = 429, .reason = Reason::kRateLimited}));
  EXPECT_EQ(filters.onRequest(request), Pass::kReplied);
  EXPECT_EQ(filters.reply().reason, Reason::kRateLimited);
}

TEST_F(ChainTest, AResumeBeforeTheWaitIsReturnedCounts) {
  const Chain chain = pair();
  when("a", "request", [](Control& control) {
    control.resumeRequest(Verdict::proceed());
    control.resumeRequest(Verdict::reply({.status = 500}));  // the second is dropped
    return Verdict::wait(Milliseconds(1000), Reason::kExtAuthError);
  });
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  EXPECT_EQ(journal(), "a:made b:made a:request b:request ");
}

TEST_F(ChainTest, AResumeWithoutAWaitIsDropped) {
  const Chain chain = pair();
  when("a", "request", [this](Control& control) {
    waiting = &control;
    control.resumeRequest(Verdict::reply({.status = 500}));
    return Verdict::proceed();
  });
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  waiting->resumeRequest(Verdict::reply({.status = 500}));
  waiting->resumeResponse(Verdict::reply({.status = 500}));
  EXPECT_EQ(host.resumed, 0);
  EXPECT_EQ(filters.onResponse(response), Pass::kDone);
}

TEST_F(ChainTest, ASecondResumeIsDropped) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  waiting->resumeRequest(Verdict::proceed());
  waiting->resumeRequest(Verdict::reply({.status = 500}));
  EXPECT_EQ(host.resumed, 1);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
}

TEST_F(ChainTest, AFilterEndsItsOwnWaitOnly) {
  const Chain chain = pair();
  Control* other = nullptr;
  RecordingFilter::decide() = [&](std::string_view who, std::string_view, Control& control) {
    if (who == "a") {
      other = &control;
      return Verdict::proceed();
    }
    return Verdict::wait(Milliseconds(1000), Reason::kExtAuthError);
  };
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  other->resumeRequest(Verdict::proceed());
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  EXPECT_EQ(host.resumed, 0);
}

TEST_F(ChainTest, AWaitEndsAtItsLimit) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  loop.advance(Milliseconds(900));
  EXPECT_EQ(host.resumed, 0);
  loop.advance(Milliseconds(200));
  EXPECT_EQ(host.resumed, 1);
  EXPECT_EQ(filters.onRequest(request), Pass::kReplied);
  EXPECT_EQ(filters.reply().status, 504);
  EXPECT_EQ(filters.reply().reason, Reason::kExtAuthError);
  EXPECT_EQ(filters.reply().detail, "the filter recording did not decide in time");
  waiting->resumeRequest(Verdict::proceed());  // too late
  EXPECT_EQ(host.resumed, 1);
}

TEST_F(ChainTest, AWaitMayBeFollowedByAnother) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  waiting->resumeRequest(Verdict::wait(Milliseconds(5000), Reason::kRateLimited));
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  loop.advance(Milliseconds(2000));
  EXPECT_EQ(host.resumed, 1);
  loop.advance(Milliseconds(4000));
  EXPECT_EQ(filters.onRequest(request), Pass::kReplied);
  EXPECT_EQ(filters.reply().reason, Reason::kRateLimited);
}

TEST_F(ChainTest, NothingHappensOnceTheExchangeIsOver) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  filters.stop();
  waiting->resumeRequest(Verdict::proceed());
  loop.advance(Milliseconds(2000));
  EXPECT_EQ(host.resumed, 0);
}

TEST_F(ChainTest, StepsTellWhatBecameOfAHeadAtEachFilter) {
  const Chain chain = chainOf(
      "filters = [{ recording = { name = 'a', when = 'has(auth.subject)' } }, { recording = { name "
      "= 'b' } },"
      "           { silent = {} }, { recording = { name = 'c' } }, { recording = { name = 'd' } "
      "}]");
  when("c", "request",
       [](Control&) { return Verdict::reply({.status = 403, .reason = Reason::kAuthzDenied}); });
  Steps steps;
  Filters filters(chain, host);
  filters.observe(steps);
  EXPECT_EQ(filters.onRequest(request), Pass::kReplied);
  EXPECT_EQ(outcomesOf(steps),
            "skipped/not_reached proceeds/not_reached proceeds/not_reached "
            "replies/not_reached not_reached/not_reached ");
  EXPECT_EQ(steps.filters[1].link, &chain[1]);
  EXPECT_GE(steps.filters[1].request.ended, steps.filters[1].request.began);
  EXPECT_EQ(steps.filters[4].request.began, Nanoseconds(0));
}

// A filter that has nothing to do with responses has no step for them.
TEST_F(ChainTest, StepsTellOfResponsesAndWaits) {
  const Chain chain = chainOf("filters = [{ recording = { name = 'a' } }, { silent = {} }]");
  const Chain more = chainOf("filters = [{ recording = { name = 'late' } }]");
  waitAt("a", "request");
  Steps steps;
  Filters filters(chain, host, 1);
  filters.observe(steps);
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  EXPECT_EQ(outcomesOf(steps), "waits/not_reached not_reached/not_reached ");
  waiting->resumeRequest(Verdict::proceed());
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  filters.add(more);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  EXPECT_EQ(filters.onResponse(response), Pass::kDone);
  EXPECT_EQ(outcomesOf(steps), "proceeds/proceeds proceeds/not_reached proceeds/proceeds ");
}

TEST_F(ChainTest, LocalRepliesPassTheFiltersThatHaveSeenTheRequest) {
  const Chain chain = pair();
  waitAt("a", "request");
  Filters filters(chain, host);
  filters.onLocalReply({response, "", Reason::kNone});
  EXPECT_EQ(std::exchange(journal(), ""), "a:made b:made ");
  EXPECT_EQ(filters.onRequest(request), Pass::kWaits);
  filters.onLocalReply({response, "", Reason::kNone});
  EXPECT_EQ(std::exchange(journal(), ""), "a:request a:local-reply ");
  waiting->resumeRequest(Verdict::proceed());
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  filters.onLocalReply({response, "", Reason::kNone});
  EXPECT_EQ(journal(), "b:request b:local-reply a:local-reply ");
}

TEST_F(ChainTest, AFilterImplementsOnlyWhatItNeeds) {
  const Chain chain = chainOf("filters = [{ silent = {} }]");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  EXPECT_EQ(filters.onResponse(response), Pass::kDone);
  filters.onLocalReply({response, "", Reason::kNone});
  EXPECT_TRUE(response.headers.empty());
}

TEST_F(ChainTest, ALinkHasItsKindsName) {
  const Chain chain = pair();
  EXPECT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[0].name, "recording");
  EXPECT_EQ(names.name(chain[1].id), "recording");
}

TEST_F(ChainTest, AnEmptyChainLetsEverythingPass) {
  const Chain chain = chainOf("filters = []");
  Filters filters(chain, host);
  EXPECT_EQ(filters.onRequest(request), Pass::kDone);
  EXPECT_EQ(filters.onResponse(response), Pass::kDone);
}

}  // namespace
}  // namespace weir::filter
