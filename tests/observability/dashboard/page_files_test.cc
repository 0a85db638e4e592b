#include "observability/dashboard/page_files.h"

#include <gtest/gtest.h>

namespace weir::dashboard {
namespace {

TEST(PageFiles, TheFolderIsItsIndex) {
  const admin::PageReply reply = pageFile("/dashboard");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(reply.body.starts_with("<!DOCTYPE html>"));
  EXPECT_EQ(pageFile("/dashboard/").body, reply.body);
}

TEST(PageFiles, FilesHaveTheirTypes) {
  EXPECT_EQ(pageFile("/dashboard/app.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(pageFile("/dashboard/app.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(pageFile("/dashboard/icon.svg").content_type, "image/svg+xml");
}

TEST(PageFiles, OthersAreNotFound) {
  EXPECT_EQ(pageFile("/dashboard/../config").status, 404);
  EXPECT_EQ(pageFile("/dashboard/app").status, 404);
}

}  // namespace
}  // namespace weir::dashboard
