#include "core/proxy/request_id.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

TEST(RequestId, IsARandomUuid) {
  BlockPool pool(4096);
  Arena arena(pool);
  Random random(1);
  const std::string first(makeRequestId(random, arena));
  EXPECT_THAT(first, ::testing::MatchesRegex(
                         "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(first, makeRequestId(random, arena));
}

}  // namespace
}  // namespace weir::proxy
