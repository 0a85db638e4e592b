#include "core/event/descriptors.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/loop.h"
#include "core/event/write_queue.h"

namespace weir::event {
namespace {

// Limits the process to so many more descriptors during its lifetime.
class FewDescriptors {
 public:
  explicit FewDescriptors(unsigned count) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    std::vector<int> opened;
    for (unsigned i = 0; i <= count; ++i) opened.push_back(::eventfd(0, EFD_CLOEXEC));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(opened.back());
    for (const int descriptor : opened) ::close(descriptor);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(CheckDescriptors, SaysWhetherThereAreSoMany) {
  const FewDescriptors few(3);
  EXPECT_TRUE(checkDescriptors(3).ok());
  EXPECT_TRUE(checkDescriptors(3).ok());  // the check does not keep them
  const auto more = checkDescriptors(4);
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(more.error().detail, "too many open files");
}

TEST(CheckDescriptors, NoneAreNeededForNothing) {
  const FewDescriptors few(0);
  EXPECT_TRUE(checkDescriptors(0).ok());
}

TEST(Descriptors, WhatNeedsSomeFailsWithoutThem) {
  for (unsigned count = 0; count < 16; ++count) {
    const FewDescriptors few(count);
    const auto loop = Loop::open();
    EXPECT_TRUE(loop.ok() || loop.error().code == ErrorCode::kExhausted) << count;
    EXPECT_TRUE(loop.ok() || count < 15);
    EXPECT_FALSE(loop.ok() && count == 0);
  }
  const FewDescriptors none(0);
  const auto signal = WriterSignal::open();
  ASSERT_FALSE(signal.ok());
  EXPECT_EQ(signal.error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace weir::event
