#include "observability/admin/page_repeat.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using std::chrono_literals::operator""s;

// Records events; has room unless told otherwise.
class FakeStream final : public PageStream {
 public:
  explicit FakeStream(event::Loop& loop) : loop_(loop) {}
  event::Loop& loop() override { return loop_; }
  bool send(std::string_view type, std::string_view data) override {
    EXPECT_EQ(type, "");
    if (!room) return false;
    events.emplace_back(data);
    return true;
  }
  void finish() override { ADD_FAILURE() << "it goes on until the client leaves"; }
  bool room = true;
  std::vector<std::string> events;

 private:
  event::Loop& loop_;
};

void showConfig(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  answer({.body = subject.configText()});
}

class AdminPageRepeat : public ::testing::Test {
 protected:
  event::Loop loop_{event::Loop::Time::kManual};
  FakeSubject subject_;
  FakeStream stream_{loop_};
  PageRepeat feed_{showConfig, {}, subject_};
};

TEST_F(AdminPageRepeat, SendsWhatChanges) {
  subject_.config = "a";
  feed_.start(stream_);
  loop_.advance(5s);
  EXPECT_EQ(stream_.events, (std::vector<std::string>{"a"}));
  subject_.config = "b";
  loop_.advance(2s);
  subject_.config = "a";
  loop_.advance(2s);
  EXPECT_EQ(stream_.events, (std::vector<std::string>{"a", "b", "a"}));
}

TEST_F(AdminPageRepeat, SendsOnlyTheLatestOnceThereIsRoom) {
  feed_.start(stream_);
  stream_.events.clear();
  stream_.room = false;
  for (const char* const text : {"b", "c", "d"}) {
    subject_.config = text;
    loop_.advance(2s);
  }
  stream_.room = true;
  feed_.onRoom();
  EXPECT_EQ(stream_.events, (std::vector<std::string>{"d"}));
  feed_.onRoom();
  EXPECT_EQ(stream_.events.size(), 1U);
}

}  // namespace
}  // namespace weir::admin
