#include "core/config/key_depth.h"

#include <string>

#include <gtest/gtest.h>

#include "core/config/document.h"

namespace weir::config {
namespace {

TEST(KeyDepth, CountsTheDotsOfAKey) {
  EXPECT_EQ(lineOfDeepKey("a.b.c = 1", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("\n\na.b.c.d = 1", 2), 3U);
  EXPECT_EQ(lineOfDeepKey("[a.b.c.d]", 2), 1U);
  EXPECT_EQ(lineOfDeepKey("x = { a.b.c.d = 1 }", 2), 1U);
  EXPECT_EQ(lineOfDeepKey("\"a\".'b' . c.d = 1", 2), 1U);
}

TEST(KeyDepth, DotsElsewhereDoNotCount) {
  EXPECT_EQ(lineOfDeepKey("a.b = 1.5\nc.d = 1.5\n", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = [1.5, 1.5, 1.5, 1.5]", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = 'x.x.x.x'\nb = \"x.\\\"x.x.x\"", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = '''x.x\n.x.'x.'''\nb = \"\"\"x.x\\\"\"\".x.x\"\"\"", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = 1 # x.x.x.x", 2), 0U);
}

TEST(KeyDepth, BrokenTextsEnd) {
  EXPECT_EQ(lineOfDeepKey("a = 'x.x.x.x", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = \"x\\", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = '''x.x.x.x", 2), 0U);
  EXPECT_EQ(lineOfDeepKey("a = 'x\nb.b.b.b = 1", 2), 2U);
  EXPECT_EQ(lineOfDeepKey("", 2), 0U);
}

}  // namespace
}  // namespace weir::config
