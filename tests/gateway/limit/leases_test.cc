#include "gateway/limit/leases.h"

#include <chrono>

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

RateClaim claimOf(std::int64_t per_second, std::int64_t burst) {
  RateClaim claim;
  claim.rate = {Nanoseconds(std::chrono::seconds(1)) / per_second, burst};
  return claim;
}

RateClaim quotaOf(std::int64_t units) {
  RateClaim claim;
  claim.rate = QuotaTime::rateOf(units);
  claim.quota = QuotaTime{};
  return claim;
}

TEST(Leases, ALeaseHasTheUnitsOf20Milliseconds) {
  EXPECT_EQ(leaseSize(claimOf(1'000, 1'000), 1), 20);
  EXPECT_EQ(leaseSize(claimOf(1'000, 1'000), 4), 5);
  EXPECT_EQ(leaseSize(claimOf(1'000'000, 1'000'000), 1), 20'000);
}

TEST(Leases, ALeaseHasAtLeastOneUnit) {
  EXPECT_EQ(leaseSize(claimOf(1, 100), 1), 1);
  EXPECT_EQ(leaseSize(claimOf(1'000, 1'000), 50), 1);
}

TEST(Leases, AllInstancesHaveAQuarterOfABurstAtMost) {
  EXPECT_EQ(leaseSize(claimOf(1'000, 40), 1), 10);
  EXPECT_EQ(leaseSize(claimOf(1'000, 40), 5), 2);
  EXPECT_EQ(leaseSize(claimOf(1'000, 40), 10), 1);
  EXPECT_EQ(leaseSize(claimOf(1'000, 39), 10), 0);
  EXPECT_EQ(leaseSize(claimOf(1'000, 3), 1), 0);
}

TEST(Leases, AllInstancesTakeAHundredthOfAQuotaAtATime) {
  EXPECT_EQ(leaseSize(quotaOf(10'000), 1), 100);
  EXPECT_EQ(leaseSize(quotaOf(10'000), 10), 10);
  EXPECT_EQ(leaseSize(quotaOf(100), 10), 1);
  EXPECT_EQ(leaseSize(quotaOf(30), 10), 0);
  EXPECT_EQ(leaseSize(quotaOf(std::int64_t{1} << 31), 1), LeaseTable::kMostUnits);
}

TEST(Leases, TheNumberOfInstancesMayBeUnknown) {
  EXPECT_EQ(leaseSize(claimOf(1'000, 1'000), 0), 20);
}

}  // namespace
}  // namespace weir::gateway
