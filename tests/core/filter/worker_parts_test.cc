#include "core/filter/worker_parts.h"

#include <gtest/gtest.h>

#include "core/filter/maker.h"
#include "tests/support/fake_client.h"
#include "tests/support/fake_dialer.h"

namespace weir::filter {
namespace {

// A filter whose local part holds the number of its snapshot.
class CountedMaker final : public Maker {
 public:
  explicit CountedMaker(int& alive) : Maker(7), alive_(alive) {}
  Filter* make(Arena&, Control&) const override { return nullptr; }
  void destroy(Filter*) const override {}
  bool hasParts() const override { return true; }
  std::unique_ptr<LocalPart> makeLocal(const LocalTools&) const override {
    return std::make_unique<CountedPart>(alive_);
  }

 private:
  struct CountedPart final : LocalPart {
    explicit CountedPart(int& count) : alive(count) { ++alive; }
    ~CountedPart() override { --alive; }
    void* object() override { return &number; }
    void onSnapshot(const AnySnapshot& snapshot) override {
      number = *static_cast<const int*>(snapshot.get());
    }
    int& alive;
    int number = 0;
  };
  int& alive_;
};

class WorkerPartsTest : public ::testing::Test {
 protected:
  int number() { return *static_cast<int*>(parts.local(*filters.at(0)).object()); }
  void endTurn() { loop.advance(Milliseconds(0)); }

  int alive = 0;
  event::Loop loop{event::Loop::Time::kManual};
  Random random;
  MetricCells cells;
  LastingFilters filters{std::make_shared<const CountedMaker>(alive)};
  test::FakeClient client{loop};
  test::FakeDialer dialer;
  Commons commons;
  WorkerParts parts{{loop, random, cells, client, dialer, commons}};
};

TEST_F(WorkerPartsTest, ALocalPartIsMadeOnFirstUse) {
  parts.add(filters);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(number(), 0);
  number();
  EXPECT_EQ(alive, 1);
}

TEST_F(WorkerPartsTest, ALocalPartGetsSnapshots) {
  parts.add(filters);
  parts.setSnapshot(7, std::make_shared<const int>(1));
  EXPECT_EQ(number(), 1);
  parts.setSnapshot(7, std::make_shared<const int>(2));
  EXPECT_EQ(number(), 2);
}

TEST_F(WorkerPartsTest, ALocalPartLivesAsLongAsAPlanHasIt) {
  parts.add(filters);
  number();
  parts.add(filters);
  parts.remove(filters);
  endTurn();
  EXPECT_EQ(alive, 1);
  parts.remove(filters);
  EXPECT_EQ(alive, 1);  // it may be on the stack
  endTurn();
  EXPECT_EQ(alive, 0);
}

TEST_F(WorkerPartsTest, SnapshotsOfOtherFiltersAreIgnored) {
  const auto snapshot = std::make_shared<const int>(1);
  parts.setSnapshot(7, snapshot);
  parts.add(filters);
  EXPECT_EQ(parts.snapshot(*filters.at(0)), nullptr);
  parts.setSnapshot(7, snapshot);
  EXPECT_EQ(parts.snapshot(*filters.at(0)), snapshot);
  parts.remove(filters);
  EXPECT_EQ(snapshot.use_count(), 1);
}

}  // namespace
}  // namespace weir::filter
