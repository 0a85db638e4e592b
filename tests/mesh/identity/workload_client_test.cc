#include "mesh/identity/workload_client.h"

#include <algorithm>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/http/grpc_frame.h"
#include "tests/support/fake_client.h"
#include "tests/support/workload_message.h"

namespace weir::mesh::workload {
namespace {

using test::WorkloadMessage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kCart = "spiffe://shop.test/ns/shop/sa/cart";

class WorkloadClientTest : public ::testing::Test, private WorkloadClient::Events {
 protected:
  void start(SvidChoice choice = {}) {
    WorkloadClient::Events& events = *this;
    client.emplace(http, std::move(choice), events);
    client->start();
  }
  void say(const WorkloadMessage& message) {
    test::FakeClient::Received& call = http.last();
    if (call_at != http.count()) {
      call_at = http.count();
      call.head(200, http::BodyKind::kStream, {{"content-type", "application/grpc"}});
    }
    const auto prefix = http::grpcPrefix(message.bytes().size());
    call.piece(std::string(prefix.data(), prefix.size()) + message.bytes());
  }
  void end(std::string_view status) {
    test::FakeClient::Received& call = http.last();
    if (call_at == http.count()) {
      call.trailer("grpc-status", status);
      call.end();
    } else {
      call.head(200, http::BodyKind::kNone,
                {{"content-type", "application/grpc"}, {"grpc-status", status}});
      call.end();
    }
  }
  WorkloadMessage cart() const {
    return WorkloadMessage().add(WorkloadMessage::svid(authority, kCart));
  }
  void after(Milliseconds time) { loop.advance(time); }

  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient http{loop};
  test::TestAuthority authority;
  std::optional<WorkloadClient> client;
  std::vector<std::string> identities;  // "" for a withdrawal
  std::vector<std::string> troubles;
  unsigned repeated_troubles = 0;
  std::size_t call_at = 0;  // the number of the call that has a head

 private:
  void onIdentity(std::shared_ptr<const tls::WorkloadIdentity> identity,
                  std::string_view message) override {
    identities.emplace_back(identity->certificate->identity());
    EXPECT_FALSE(message.empty());
  }
  void onWithdrawn() override { identities.emplace_back(); }
  void onTrouble(std::string_view why, bool repeated) override {
    if (repeated) {
      ++repeated_troubles;
    } else {
      troubles.emplace_back(why);
    }
  }
};

TEST_F(WorkloadClientTest, AsksAsTheStandardRequires) {
  start();
  ASSERT_EQ(http.count(), 1U);
  EXPECT_EQ(http.last().method, "POST");
  EXPECT_EQ(http.last().target, "/SpiffeWorkloadAPI/FetchX509SVID");
  EXPECT_THAT(http.last().headers, ::testing::Contains(Pair("workload.spiffe.io", "true")));
  EXPECT_EQ(http.last().options.timeout, Milliseconds(0));
  EXPECT_EQ(http.last().body, std::string(5, '\0'));  // an empty message
}

TEST_F(WorkloadClientTest, TakesEachMessageAsTheWholeTruth) {
  start();
  say(cart());
  say(WorkloadMessage().add(WorkloadMessage::svid(authority, "spiffe://shop.test/other")));
  EXPECT_THAT(identities, ElementsAre(kCart, "spiffe://shop.test/other"));
  EXPECT_THAT(troubles, IsEmpty());
}

TEST_F(WorkloadClientTest, DoesNotTellWhatHasNotChanged) {
  start();
  const WorkloadMessage message = cart();
  say(message);
  say(message);
  end("14");
  after(Milliseconds(4));
  say(message);
  EXPECT_THAT(identities, ElementsAre(kCart));
}

TEST_F(WorkloadClientTest, DiscardsAMessageThatItCannotUse) {
  start();
  say(cart());
  say(WorkloadMessage());
  WorkloadMessage::Svid bad = WorkloadMessage::svid(authority, kCart);
  bad.bundle = "no bundle";
  say(WorkloadMessage().add(bad));
  EXPECT_THAT(identities, ElementsAre(kCart));
  EXPECT_THAT(troubles, ElementsAre("a message is discarded: it has no identity",
                                    "a message is discarded: contains a malformed CA certificate"));
  say(cart());
  EXPECT_THAT(identities, ElementsAre(kCart, kCart));
}

TEST_F(WorkloadClientTest, WithdrawsAnIdentityThatIsNoLongerListed) {
  start({.id = std::string(kCart), .hint = {}});
  const WorkloadMessage other =
      WorkloadMessage().add(WorkloadMessage::svid(authority, "spiffe://shop.test/other"));
  say(other);
  EXPECT_THAT(identities, IsEmpty());
  EXPECT_THAT(troubles,
              ElementsAre("there is no identity: it does not list the configured id or hint"));
  say(cart());
  say(other);
  EXPECT_THAT(identities, ElementsAre(kCart, ""));
  say(cart());
  EXPECT_THAT(identities, ElementsAre(kCart, "", kCart));
}

TEST_F(WorkloadClientTest, WithdrawsAnIdentityThatIsDeniedOnItsStream) {
  start();
  say(cart());
  end("7");
  EXPECT_THAT(identities, ElementsAre(kCart, ""));
  EXPECT_THAT(troubles, ElementsAre(HasSubstr("the identity is withdrawn")));
}

// The agent has restarted, and does not know its workloads yet.
TEST_F(WorkloadClientTest, KeepsAnIdentityThatANewStreamDoesNotKnow) {
  start();
  say(cart());
  end("14");
  after(Milliseconds(4));
  ASSERT_EQ(http.count(), 2U);
  end("7");
  EXPECT_THAT(identities, ElementsAre(kCart));
  after(WorkloadClient::kBackoff.base);
  ASSERT_EQ(http.count(), 3U);
  say(cart());
  EXPECT_THAT(identities, ElementsAre(kCart, kCart));
}

TEST_F(WorkloadClientTest, BeginsAgainAtOnceAndThenAfterPauses) {
  start();
  say(cart());
  end("14");
  after(Milliseconds(4));
  ASSERT_EQ(http.count(), 2U);
  Milliseconds limit = WorkloadClient::kBackoff.base;
  for (std::size_t calls = 2; calls < 10; ++calls) {
    end("14");
    after(limit / 2 - Milliseconds(8));
    EXPECT_EQ(http.count(), calls);
    after(limit / 2 + Milliseconds(16));
    EXPECT_EQ(http.count(), calls + 1);
    limit = std::min(limit * 2, WorkloadClient::kBackoff.max);
  }
  EXPECT_EQ(limit, WorkloadClient::kBackoff.max);
  EXPECT_THAT(identities, ElementsAre(kCart));
  EXPECT_EQ(troubles.size(), 1U);  // the rest repeats it
  EXPECT_EQ(repeated_troubles, 8U);
}

TEST_F(WorkloadClientTest, DoesNotRepeatARequestThatIsNotUnderstood) {
  start();
  end("3");
  after(Milliseconds(600'000));
  EXPECT_EQ(http.count(), 1U);
  EXPECT_THAT(troubles, ElementsAre(HasSubstr("it does not understand the request")));
}

TEST_F(WorkloadClientTest, LeavesAStreamThatDoesNotRenew) {
  start();
  say(cart());  // valid from an hour ago for two hours: 80 % are over in 36 minutes
  after(Milliseconds(35 * 60'000));
  EXPECT_EQ(http.count(), 1U);
  after(Milliseconds(2 * 60'000));
  EXPECT_GE(http.count(), 2U);
  EXPECT_TRUE(http.at(0).cancelled);
  EXPECT_THAT(identities, ElementsAre(kCart));
}

}  // namespace
}  // namespace weir::mesh::workload
