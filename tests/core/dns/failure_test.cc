#include "core/dns/failure.h"

#include <ares.h>
#include <gtest/gtest.h>

namespace weir::dns {
namespace {

TEST(Failure, SaysWhatItMeansForAName) {
  EXPECT_EQ(errorOf(ARES_ENOTFOUND).code, ErrorCode::kNotFound);
  EXPECT_EQ(errorOf(ARES_ENODATA).code, ErrorCode::kNotFound);
  EXPECT_EQ(errorOf(ARES_EBADNAME).code, ErrorCode::kInvalid);
  EXPECT_EQ(errorOf(ARES_ECONNREFUSED).code, ErrorCode::kRefused);
  EXPECT_EQ(errorOf(ARES_ETIMEOUT).code, ErrorCode::kTimeout);
  EXPECT_EQ(errorOf(ARES_ECANCELLED).code, ErrorCode::kCancelled);
  EXPECT_EQ(errorOf(ARES_EDESTRUCTION).code, ErrorCode::kCancelled);
  EXPECT_EQ(errorOf(ARES_ENOMEM).code, ErrorCode::kExhausted);
  EXPECT_EQ(errorOf(ARES_ESERVFAIL).code, ErrorCode::kProtocol);
  EXPECT_EQ(errorOf(ARES_EFILE).code, ErrorCode::kSystem);
}

TEST(Failure, IsTheServersDoing) {
  EXPECT_EQ(errorOf(ARES_ESERVFAIL).origin, Origin::kUpstream);
  EXPECT_FALSE(errorOf(ARES_ESERVFAIL).detail.empty());
}

}  // namespace
}  // namespace weir::dns
