#include <gmock/gmock.h>

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::EndsWith;

// A filter with a part on the worker.
class LastingFilter final : public filter::Filter {
 public:
  struct Config {
    bool operator==(const Config&) const = default;
    static void read(config::Table&, Config&) {}
  };
  struct Local {
    Local(const Config&, const filter::LocalTools&) { ++alive; }
    ~Local() { --alive; }
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
  };
  LastingFilter(const Config&, Local&, filter::Control&) {}

  static inline int alive = 0;
};

class FilterPartsTest : public ProxyTest {
 protected:
  FilterPartsTest() { filters.add<LastingFilter>("lasting", "Has a local part."); }
  void startLasting() {
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nfilters = [{ lasting = {} }]\n");
  }
};

TEST_F(FilterPartsTest, AReloadKeepsTheLocalPart) {
  startLasting();
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(LastingFilter::alive, 1);
  startLasting();
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(LastingFilter::alive, 1);
}

TEST_F(FilterPartsTest, TheLocalPartLivesUntilTheLastExchangeThatUsesIt) {
  on_upstream = [](StreamPeer&) {};
  startLasting();
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_EQ(LastingFilter::alive, 1);
  startForwarding();
  turn();
  EXPECT_EQ(LastingFilter::alive, 1);
  arrival(0).send(reply("late"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("late"));
  EXPECT_EQ(LastingFilter::alive, 0);
}

TEST_F(FilterPartsTest, TheLocalPartEndsWithAPlanThatNobodyUses) {
  startLasting();
  EXPECT_THAT(get(), EndsWith("hello"));
  startForwarding();
  turn();
  EXPECT_EQ(LastingFilter::alive, 0);
}

}  // namespace
}  // namespace weir::proxy
