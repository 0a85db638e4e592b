#include "core/filter/body_chain.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/filter/chain.h"

namespace weir::filter {
namespace {

// A filter whose calls are functions of the test.
struct Script {
  BodyMode mode = BodyMode::pieces();
  std::function<Flow(BodyStep&, Control&)> body = [](BodyStep& step, Control&) {
    step.pass();
    return Flow::proceed();
  };
  std::function<Verdict(http::Headers&)> trailers = [](http::Headers&) {
    return Verdict::proceed();
  };
};

class ScriptedFilter final : public Filter {
 public:
  ScriptedFilter(const Script& script, Control& control) : script_(script), control_(control) {}
  Verdict onRequest(http::Request&) override {
    control_.watchRequestBody(script_.mode);
    return Verdict::proceed();
  }
  Flow onRequestBody(BodyStep& step) override { return script_.body(step, control_); }
  Verdict onRequestTrailers(http::Headers& trailers) override { return script_.trailers(trailers); }

 private:
  const Script& script_;
  Control& control_;
};

class ScriptedMaker final : public Maker {
 public:
  explicit ScriptedMaker(const Script& script) : Maker(1), script_(script) {}
  Filter* make(Arena&, Control& control) const override {
    return new ScriptedFilter(script_, control);
  }
  void destroy(Filter* filter) const override { delete filter; }

 private:
  const Script& script_;
};

// The exchange, the source and the sink of a request's body.
class BodyChainTest : public ::testing::Test, public Host, public http::BodySource {
 protected:
  BodyChainTest() : arena_(loop_.scratch()), request_(arena_) {
    request_.body = http::BodyKind::kStream;
  }
  ~BodyChainTest() override {
    filters_.reset();
    EXPECT_EQ(loop_.chunks().lent(), 0U);
  }

  // Starts with these filters; true if the head has passed them.
  bool start(const std::vector<const Script*>& scripts) {
    for (const Script* script : scripts) {
      chain_.push_back({1, "scripted", std::make_shared<ScriptedMaker>(*script)});
    }
    filters_.emplace(chain_, static_cast<Host&>(*this));
    return passHead();
  }
  bool passHead() {
    const bool passed = filters_->onRequest(request_) == Pass::kDone;
    if (passed) bodies().open();
    return passed;
  }
  BodyChain& bodies() { return *filters_->bodies(Side::kRequest); }
  void push(std::string_view text) { bodies().push(asBytes(text)); }

  event::Loop& loop() override { return loop_; }
  Arena& arena() override { return arena_; }
  std::string_view clientAddress() override { return {}; }
  http::ExchangeView& view() override { return view_; }
  void onResumed() override { filters_->pump(); }
  void onWatched(Side, BodyChain& bodies) override { bodies.setSource(this); }
  void onBodyWanted() override {}
  void onFiltered(Side, Bytes bytes) override { passed_ += asText(bytes); }
  void onFilteredEnd(Side) override { ended_ = true; }
  void onReply(const LocalReply& reply, NameId) override {
    reply_ = reply;
    filters_->stop();
  }
  void setReading(bool reading) override { reading_ = reading; }

  event::Loop loop_{event::Loop::Time::kManual};
  Arena arena_;
  http::ExchangeView view_{http::ExchangeRecord()};
  http::Request request_;
  Chain chain_;
  std::optional<Filters> filters_;
  std::string passed_;
  std::optional<LocalReply> reply_;
  bool ended_ = false;
  bool reading_ = true;
};

Script appending(std::string text) {
  Script script;
  script.body = [text](BodyStep& step, Control&) {
    if (!step.in.empty()) {
      step.pass();
      step.out.append(asBytes(text));
    }
    return Flow::proceed();
  };
  return script;
}

TEST_F(BodyChainTest, PiecesPassTheFiltersInOrder) {
  const Script first = appending("1");
  const Script second = appending("2");
  EXPECT_TRUE(start({&first, &second}));
  push("a");
  push("b");
  EXPECT_EQ(passed_, "a12b12");
  EXPECT_FALSE(ended_);
  bodies().end();
  EXPECT_TRUE(ended_);
}

TEST_F(BodyChainTest, UnreadInputIsShownAgain) {
  Script pairs;
  pairs.body = [](BodyStep& step, Control&) {
    if (step.in.size() >= 2) step.pass();
    return Flow::proceed();
  };
  EXPECT_TRUE(start({&pairs}));
  push("a");
  EXPECT_EQ(passed_, "");
  push("b");
  EXPECT_EQ(passed_, "ab");
}

TEST_F(BodyChainTest, InputThatIsLeftAtTheEndIsIncomplete) {
  Script none;
  none.body = [](BodyStep&, Control&) { return Flow::proceed(); };
  EXPECT_TRUE(start({&none}));
  push("a");
  bodies().end();
  EXPECT_EQ(reply_->status, 400);
}

TEST_F(BodyChainTest, AFilterInPiecesMayLeaveALimitedAmount) {
  Script none;
  none.body = [](BodyStep&, Control&) { return Flow::proceed(); };
  EXPECT_TRUE(start({&none}));
  push(std::string(BodyChain::kMostUnread, 'a'));
  EXPECT_FALSE(reply_);
  EXPECT_TRUE(reading_);
  push("a");
  EXPECT_EQ(reply_->status, 413);
}

TEST_F(BodyChainTest, OutputIsLimitedWhileTheSinkIsSlow) {
  Script inflating;
  inflating.body = [](BodyStep& step, Control&) {
    const std::string piece(step.out.room(), 'x');
    step.out.append(asBytes(piece));
    return Flow::more();
  };
  EXPECT_TRUE(start({&inflating}));
  bodies().setReading(false);
  push("a");
  EXPECT_EQ(passed_, "");
  EXPECT_LE(loop_.chunks().lent() * loop_.chunks().blockBytes(), 2 * BodyChain::kMostHeld);
  push(std::string(BodyChain::kMostUnread, 'a'));
  EXPECT_FALSE(reading_);
  filters_->stop();
}

TEST_F(BodyChainTest, AFilterThatHoldsOutputBackMayBeCalledAgain) {
  Control* held = nullptr;
  std::string late;
  Script holds;
  holds.body = [&](BodyStep& step, Control& control) {
    held = &control;
    if (step.in.empty()) step.out.append(asBytes(late));
    late.append(asText(step.in.front()));
    step.in.clear();
    return Flow::proceed();
  };
  const Script marks = appending("!");
  EXPECT_TRUE(start({&holds, &marks}));
  push("a");
  EXPECT_EQ(passed_, "");
  held->callAgain(Side::kRequest);
  EXPECT_EQ(passed_, "a!");
  held->callAgain(Side::kResponse);  // it does not watch the response
  filters_->stop();
  held->callAgain(Side::kRequest);
  EXPECT_EQ(passed_, "a!");
}

TEST_F(BodyChainTest, AWaitHoldsTheBodyUntilItIsResumed) {
  Control* waiting = nullptr;
  Script waits;
  waits.body = [&](BodyStep& step, Control& control) -> Flow {
    if (waiting == nullptr) {
      waiting = &control;
      return Verdict::wait(Milliseconds(1000), Reason::kExtAuthError);
    }
    step.pass();
    return Flow::proceed();
  };
  EXPECT_TRUE(start({&waits}));
  push("a");
  push("b");
  EXPECT_EQ(passed_, "");
  waiting->resumeRequest(Verdict::proceed());
  EXPECT_EQ(passed_, "ab");
}

TEST_F(BodyChainTest, AResumeWithinTheCallCounts) {
  bool waited = false;
  Script waits;
  waits.body = [&](BodyStep& step, Control& control) -> Flow {
    if (!std::exchange(waited, true)) {
      control.resumeRequest(Verdict::proceed());
      return Verdict::wait(Milliseconds(1000), Reason::kExtAuthError);
    }
    step.pass();
    return Flow::proceed();
  };
  EXPECT_TRUE(start({&waits}));
  push("a");
  EXPECT_EQ(passed_, "a");
}

TEST_F(BodyChainTest, AWaitHasALimit) {
  Script waits;
  waits.body = [](BodyStep&, Control&) -> Flow {
    return Verdict::wait(Milliseconds(1000), Reason::kExtAuthError);
  };
  EXPECT_TRUE(start({&waits}));
  push("a");
  loop_.advance(Milliseconds(1100));
  EXPECT_EQ(reply_->status, 504);
}

TEST_F(BodyChainTest, AWholeBodyIsShownAtOnceAndHoldsTheHead) {
  int calls = 0;
  Script whole;
  whole.mode = BodyMode::whole(10);
  whole.body = [&](BodyStep& step, Control&) {
    ++calls;
    EXPECT_TRUE(step.last);
    EXPECT_EQ(step.in.size(), 4U);
    step.pass();
    return Flow::proceed();
  };
  EXPECT_FALSE(start({&whole}));
  push("ab");
  push("cd");
  EXPECT_EQ(calls, 0);
  bodies().end();
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(passHead());
  EXPECT_EQ(passed_, "abcd");
  EXPECT_TRUE(ended_);
}

TEST_F(BodyChainTest, ALargeWholeBodyIsRefusedAsSoonAsItExceedsTheLimit) {
  Script whole;
  whole.mode = BodyMode::whole(10);
  EXPECT_FALSE(start({&whole}));
  push("0123456789");
  EXPECT_FALSE(reply_);
  push("x");
  EXPECT_EQ(reply_->status, 413);
  EXPECT_EQ(reply_->reason, Reason::kBodyTooLarge);
}

TEST_F(BodyChainTest, AWholeBodyThatIsLargerMayBeShownInPieces) {
  std::string sizes;
  Script whole;
  whole.mode = BodyMode::wholeOrPieces(10);
  whole.body = [&](BodyStep& step, Control&) {
    sizes += std::to_string(step.in.size()) + (step.last ? "!" : " ");
    step.pass();
    return Flow::proceed();
  };
  EXPECT_FALSE(start({&whole}));
  push("0123456789");
  EXPECT_EQ(sizes, "");
  push("x");
  EXPECT_TRUE(passHead());
  EXPECT_EQ(passed_, "0123456789x");
  push("y");
  bodies().end();
  EXPECT_EQ(sizes, "11 1 0!");
  EXPECT_EQ(passed_, "0123456789xy");
  EXPECT_TRUE(ended_);
}

TEST_F(BodyChainTest, ALargeBodyThatArrivedBeforeTheFilterIsRefusedToo) {
  Script first;
  first.mode = BodyMode::whole(100);
  Script second;
  second.mode = BodyMode::whole(10);
  EXPECT_FALSE(start({&first, &second}));
  push("0123456789x");
  bodies().end();
  EXPECT_FALSE(passHead());
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->status, 413);
}

TEST_F(BodyChainTest, TrailersFollowTheBody) {
  Script trailers;
  trailers.mode = BodyMode::trailers();
  std::string before;
  trailers.trailers = [&](http::Headers& fields) {
    before = passed_;
    fields.add("x-more", "1");
    return Verdict::proceed();
  };
  EXPECT_TRUE(start({&trailers}));
  push("abc");
  request_.trailers.add("x-first", "1");
  bodies().end();
  EXPECT_EQ(before, "abc");
  EXPECT_EQ(request_.trailers.size(), 2U);
  EXPECT_TRUE(ended_);
}

TEST_F(BodyChainTest, AReplyEndsTheBody) {
  Script replies;
  replies.body = [](BodyStep&, Control&) -> Flow {
    return Verdict::reply({.status = 403, .reason = Reason::kAuthzDenied});
  };
  const Script next = appending("2");
  EXPECT_TRUE(start({&replies, &next}));
  push("a");
  push("b");
  bodies().end();
  EXPECT_EQ(reply_->status, 403);
  EXPECT_EQ(passed_, "");
  EXPECT_FALSE(ended_);
}

}  // namespace
}  // namespace weir::filter
