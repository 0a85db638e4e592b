#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/loop.h"
#include "core/event/memory_budget.h"
#include "gateway/transform/coding/encoder_pool.h"
#include "gateway/transform/coding/kept_memory.h"
#include "tests/gateway/transform/coding_samples.h"

namespace weir::gateway {
namespace {

using namespace std::string_literals;
using enum ContentCoding;

class Codings : public testing::TestWithParam<ContentCoding> {};

TEST_P(Codings, EveryDivisionIntoPiecesYieldsTheSameBody) {
  for (const std::size_t size : {0U, 1U, 1000U, 4096U, 100'000U}) {
    const std::string plain = sampleText(size);
    for (const std::size_t step : {1U, 7U, 4096U, 100'000U}) {
      const std::string encoded = encodedBody(GetParam(), plain, step);
      bool complete = false;
      EXPECT_EQ(decodedBody(GetParam(), encoded, step, &complete), plain) << size << " " << step;
      EXPECT_TRUE(complete);
    }
  }
}

TEST_P(Codings, AFlushMakesEverythingDecodable) {
  const auto encoder = makeEncoder(GetParam(), 4);
  ASSERT_TRUE(encoder->begin(std::nullopt));
  std::array<char, 64> room{};
  std::string encoded;
  std::string plain;
  for (const auto& piece : {"first"s, sampleText(5000), "third"s}) {
    std::string_view left = piece;
    while (!left.empty()) {
      const auto did = encoder->encode(asBytes(left), room, Encoder::Goal::kRead);
      encoded.append(room.data(), did.written);
      left.remove_prefix(did.read);
    }
    bool done = false;
    while (!done) {
      const auto did = encoder->encode({}, room, Encoder::Goal::kFlush);
      encoded.append(room.data(), did.written);
      done = did.done;
    }
    plain += piece;
    bool complete = true;
    EXPECT_EQ(decodedBody(GetParam(), encoded, 4096, &complete), plain);
    EXPECT_FALSE(complete);
  }
}

TEST_P(Codings, TruncatedBodiesAreNotComplete) {
  const std::string encoded = encodedBody(GetParam(), sampleText(2000));
  for (std::size_t size = 1; size < encoded.size(); ++size) {
    bool complete = true;
    EXPECT_TRUE(decodedBody(GetParam(), encoded.substr(0, size), 4096, &complete));
    EXPECT_FALSE(complete) << size;
  }
}

TEST_P(Codings, GarbageAfterTheBodyIsInvalid) {
  EXPECT_FALSE(decodedBody(GetParam(), encodedBody(GetParam(), "plain") + "garbage"));
  EXPECT_FALSE(decodedBody(GetParam(), "this is plain text, of course"));
}

TEST_P(Codings, EncodersAreLimitedInNumber) {
  event::Loop loop(event::Loop::Time::kManual);
  EncoderPool pool(loop, {0, 5, 4, 3}, 2);
  auto first = pool.take(GetParam(), std::nullopt);
  auto second = pool.take(GetParam(), 100);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_FALSE(pool.take(GetParam(), std::nullopt));
  std::array<char, 100> room{};
  first.encode(asBytes("left"), room, Encoder::Goal::kRead);
  first.giveBack();
  EXPECT_EQ(pool.active(), 1U);
  auto again = pool.take(GetParam(), std::nullopt);  // forgets what the body before left
  const auto did = again.encode({}, room, Encoder::Goal::kEnd);
  EXPECT_TRUE(did.done);
  EXPECT_EQ(decodedBody(GetParam(), {room.data(), did.written}), "");
}

// What encoders at the default levels hold after 300 KB each, beside what docs/ states for one.
TEST_P(Codings, TheMemoryOfEncodersIsLimitedAndCounted) {
  constexpr std::size_t kStated[] = {0, 262 * 1024, 1900 * 1024, 1741 * 1024};
  constexpr std::size_t kMany = 20;
  const std::string plain = sampleText(300'000);
  event::MemoryBudget budget;
  event::Loop loop(event::Loop::Time::kManual);
  loop.setBudget(budget);
  {
    EncoderPool pool(loop, {0, 5, 4, 3}, kMany);
    std::vector<EncoderPool::Lent> lent;
    std::array<char, 4096> room{};
    for (std::size_t i = 0; i < kMany; ++i) {
      lent.push_back(pool.take(GetParam(), std::nullopt));
      std::string_view left = plain;
      while (!left.empty()) {
        left.remove_prefix(lent.back().encode(asBytes(left), room, Encoder::Goal::kRead).read);
      }
      lent.back().countMemory();
      EXPECT_LE(pool.memory(), (i + 1) * kStated[static_cast<std::size_t>(GetParam())]);
    }
    EXPECT_GT(pool.memory(), kMany * 100'000);
    loop.overload();
    EXPECT_GE(static_cast<std::size_t>(budget.used()) + 64 * 1024, pool.memory());
    const std::size_t used = pool.memory();
    lent.clear();
    EXPECT_LE(pool.memory(), used / kMany * 8 + 1);  // eight are kept
  }
  loop.overload();
  EXPECT_LT(budget.used(), 64 * 1024);
}

INSTANTIATE_TEST_SUITE_P(Coding, Codings, testing::Values(kGzip, kBr, kZstd));

// A small body of known size is compressed at its end; a flush, or a larger one, makes it a stream.
TEST(Coding, GzipOfKnownSizes) {
  Random random(5);
  WholeGzip whole(5);
  const auto encoder = makeEncoder(kGzip, 5, &whole);
  for (unsigned i = 0; i < 300; ++i) {
    const std::string plain = sampleText(random.below(80'000), i);
    ASSERT_TRUE(encoder->begin(plain.size()));
    std::string encoded;
    std::array<char, 500> room{};
    const auto reach = [&](Encoder::Goal goal) {
      for (bool done = false; !done;) {
        const auto did = encoder->encode({}, room, goal);
        ASSERT_FALSE(did.failed);
        encoded.append(room.data(), did.written);
        done = did.done;
      }
    };
    for (std::string_view left = plain; !left.empty();) {
      const auto did =
          encoder->encode(asBytes(left.substr(0, random.below(9000))), room, Encoder::Goal::kRead);
      ASSERT_FALSE(did.failed);
      encoded.append(room.data(), did.written);
      left.remove_prefix(did.read);
      if (i % 3 != 0 || random.below(10) > 0) continue;
      reach(Encoder::Goal::kFlush);
      EXPECT_EQ(decodedBody(kGzip, encoded), plain.substr(0, plain.size() - left.size()));
    }
    reach(Encoder::Goal::kEnd);
    bool complete = false;
    ASSERT_EQ(decodedBody(kGzip, encoded, 4096, &complete), plain) << i;
    EXPECT_TRUE(complete);
  }
}

TEST(Coding, MemoryIsKeptForTheNextBodyUpToALimit) {
  KeptMemory memory;
  void* const first = memory.allocate(1000);
  memory.release(first);
  EXPECT_EQ(memory.kept(), 1000U);
  void* const small = memory.allocate(400);  // half of the first would be wasted
  EXPECT_NE(small, first);
  EXPECT_EQ(memory.allocate(600), first);
  EXPECT_EQ(memory.kept(), 0U);
  memory.release(nullptr);
  memory.release(memory.allocate(3U << 20));
  memory.release(memory.allocate(7U << 20));
  EXPECT_EQ(memory.kept(), 3U << 20);
  memory.release(first);
  memory.release(small);
}

TEST(Coding, MembersAndFramesFollowEachOther) {
  for (const ContentCoding coding : {kGzip, kZstd}) {
    const std::string encoded = encodedBody(coding, "one, ") + encodedBody(coding, "two");
    for (const std::size_t step : {1U, 4096U})
      EXPECT_EQ(decodedBody(coding, encoded, step), "one, two");
  }
  EXPECT_FALSE(decodedBody(kBr, encodedBody(kBr, "one") + encodedBody(kBr, "two")));
}

// A frame of zstd that asks for a window of 16 MiB: a client of RFC 9659 uses 8 MiB at most.
TEST(Coding, WindowsAreLimited) {
  EXPECT_FALSE(decodedBody(kZstd, "\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00"s));
  EXPECT_EQ(decodedBody(kZstd, "\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00"s), "");
}

}  // namespace
}  // namespace weir::gateway
