#include "core/tls/ticket_keys.h"

#include <openssl/cipher.h>
#include <openssl/hmac.h>

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

Nanoseconds now{0};  // the wall clock of the keys

Nanoseconds testClock() { return now; }

class TicketKeysTest : public ::testing::Test {
 protected:
  TicketKeysTest() { now = 1000 * TicketKeys::kPeriod; }

  static TicketKeys keysOf(std::vector<TicketKeys::Secret> secrets) {
    return TicketKeys(std::move(secrets), testClock);
  }
  struct Ticket {
    std::array<std::uint8_t, 16> name{};
    std::array<std::uint8_t, 16> iv{};
  };
  static Ticket seal(const TicketKeys& keys) {
    Ticket ticket;
    bssl::ScopedEVP_CIPHER_CTX cipher;
    bssl::ScopedHMAC_CTX mac;
    EXPECT_EQ(keys.seal(ticket.name.data(), ticket.iv.data(), cipher.get(), mac.get()), 1);
    return ticket;
  }
  static int open(const TicketKeys& keys, const Ticket& ticket) {
    bssl::ScopedEVP_CIPHER_CTX cipher;
    bssl::ScopedHMAC_CTX mac;
    return keys.open(ticket.name.data(), ticket.iv.data(), cipher.get(), mac.get());
  }

  TicketKeys::Secret first = TicketKeys::random();
  TicketKeys::Secret second = TicketKeys::random();
};

TEST_F(TicketKeysTest, OpensWhatItSealed) {
  const TicketKeys keys = keysOf({first});
  EXPECT_EQ(open(keys, seal(keys)), 1);
}

TEST_F(TicketKeysTest, OpensWhatAnotherProcessSealedWithTheSameSecret) {
  EXPECT_EQ(open(keysOf({first}), seal(keysOf({first}))), 1);
  EXPECT_EQ(open(keysOf({second}), seal(keysOf({first}))), 0);
}

TEST_F(TicketKeysTest, RenewsWhatWasSealedInAnEarlierPeriodAndForgetsIt) {
  const TicketKeys keys = keysOf({first});
  const Ticket ticket = seal(keys);
  now += TicketKeys::kPeriod;
  EXPECT_EQ(open(keys, ticket), 2);
  now += TicketKeys::kPeriod;
  EXPECT_EQ(open(keys, ticket), 2);
  now += TicketKeys::kPeriod;
  EXPECT_EQ(open(keys, ticket), 0);
}

TEST_F(TicketKeysTest, OpensWithEverySecretAndSealsWithTheFirst) {
  const Ticket old = seal(keysOf({second}));
  EXPECT_EQ(open(keysOf({first, second}), old), 2);
  EXPECT_EQ(open(keysOf({first}), seal(keysOf({first, second}))), 1);
}

}  // namespace
}  // namespace weir::tls
