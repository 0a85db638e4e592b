#include "core/proxy/lifetime.h"

#include <string>

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

class Recorded final : public DownstreamConnection {
 public:
  void drain() override { said += "drain "; }
  void retire() override { said += "retire "; }
  void closeNow() override { said += "break "; }
  std::string said;
};

class LifetimeTest : public ProxyTest {
 protected:
  LifetimeTest() { startForwarding(); }
  void begin() { lifetime = Lifetime::begin(connection, *engine, listener_plan, &peer); }

  net::PeerCertificate peer;
  Recorded connection;
  std::unique_ptr<Lifetime> lifetime;
};

TEST_F(LifetimeTest, IsForConnectionsThatEnd) {
  EXPECT_EQ(Lifetime::begin(connection, *engine, listener_plan, nullptr), nullptr);
  listener_plan.max_connection_age = Milliseconds(1'000);
  EXPECT_NE(Lifetime::begin(connection, *engine, listener_plan, nullptr), nullptr);
}

TEST_F(LifetimeTest, EndsWithTheCertificateAndSoonAfterIt) {
  peer.not_after = wallClockNow();
  begin();
  pass(Milliseconds(100));
  EXPECT_EQ(connection.said, "retire ");
  pass(Milliseconds(10'000));
  EXPECT_EQ(connection.said, "retire break ");
}

// The wheel's clock is not the wall clock.
TEST_F(LifetimeTest, LooksAtTheWallClockAgain) {
  peer.not_after = wallClockNow() + std::chrono::hours(2);
  begin();
  for (int minute = 0; minute < 180; ++minute) loop.advance(Milliseconds(60'000));
  EXPECT_EQ(connection.said, "");
}

TEST_F(LifetimeTest, DrainsByAgeAndGoesOnUntilTheCertificateEnds) {
  listener_plan.max_connection_age = Milliseconds(5'000);
  peer.not_after = wallClockNow() + std::chrono::hours(2);
  begin();
  pass(Milliseconds(4'400));
  EXPECT_EQ(connection.said, "");
  pass(Milliseconds(700));
  EXPECT_EQ(connection.said, "drain ");
  pass(Milliseconds(9'300));
  EXPECT_EQ(connection.said, "drain ");
  pass(Milliseconds(800));
  EXPECT_EQ(connection.said, "drain retire ");
  for (int minute = 0; minute < 10; ++minute) loop.advance(Milliseconds(60'000));
  EXPECT_EQ(connection.said, "drain retire ");
}

}  // namespace
}  // namespace weir::proxy
