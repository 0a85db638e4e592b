#include "core/event/system_error.h"

#include <gtest/gtest.h>
#include <uv.h>

namespace weir::event {
namespace {

TEST(SystemError, SaysWhatItMeansForAConnection) {
  EXPECT_EQ(errorOf(UV_EOF).code, ErrorCode::kClosed);
  EXPECT_EQ(errorOf(UV_ECONNRESET).code, ErrorCode::kReset);
  EXPECT_EQ(errorOf(UV_EPIPE).code, ErrorCode::kReset);
  EXPECT_EQ(errorOf(UV_ECONNREFUSED).code, ErrorCode::kRefused);
  EXPECT_EQ(errorOf(UV_ENOENT).code, ErrorCode::kRefused);
  EXPECT_EQ(errorOf(UV_EHOSTUNREACH).code, ErrorCode::kUnreachable);
  EXPECT_EQ(errorOf(UV_ETIMEDOUT).code, ErrorCode::kTimeout);
  EXPECT_EQ(errorOf(UV_ECANCELED).code, ErrorCode::kCancelled);
  EXPECT_EQ(errorOf(UV_EMFILE).code, ErrorCode::kExhausted);
  EXPECT_EQ(errorOf(UV_ENOMEM).code, ErrorCode::kExhausted);
  EXPECT_EQ(errorOf(UV_EACCES).code, ErrorCode::kSystem);
}

TEST(SystemError, HasTheSystemsWords) {
  EXPECT_EQ(errorOf(UV_ECONNREFUSED).detail, "connection refused");
  EXPECT_EQ(errorOf(UV_ECONNREFUSED).origin, Origin::kLocal);
}

}  // namespace
}  // namespace weir::event
