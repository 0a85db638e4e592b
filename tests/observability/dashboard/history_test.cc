#include "observability/dashboard/history.h"

#include <gtest/gtest.h>

#include "core/base/metric_cells.h"
#include "core/base/metric_labels.h"

namespace weir::dashboard {
namespace {

using namespace std::chrono_literals;

// The families of the module mesh, which this test does not link.
constexpr std::string_view kDetectors[] = {"consecutive", "success_rate", "probe"};
constexpr std::string_view kOrigins[] = {"local", "remote"};
constexpr std::string_view kChanges[] = {"healthy", "unhealthy"};
constexpr CounterFamily kEjections{"weir_outlier_ejections_total",
                                   "",
                                   {kUpstreamLabel,
                                    {"detector", KeyPart::kFirst, weir::wordOf<kDetectors>},
                                    {"origin", KeyPart::kSecondLow, weir::wordOf<kOrigins>},
                                    {"enforced", KeyPart::kSecondHigh, booleanWord}}};
constexpr CounterFamily kTransitions{
    "weir_health_transitions_total",
    "",
    {kUpstreamLabel, {"to", KeyPart::kFirst, weir::wordOf<kChanges>}}};

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() { table_.addSource(cells_); }
  void follow(Nanoseconds now) {
    table_.gather();
    history_.follow(table_, now);
  }

  NameTable names_;
  MetricCells cells_;
  metrics::SeriesTable table_{names_, {}};
  History history_;
};

TEST_F(HistoryTest, EventsAreNumberedAndBounded) {
  for (std::size_t i = 0; i < History::kMostEvents + 3; ++i) history_.add({.text = "x"}, 5s);
  EXPECT_EQ(history_.events().size(), History::kMostEvents);
  EXPECT_EQ(history_.latest(), History::kMostEvents + 3);
  EXPECT_EQ(history_.events().front().number, 4U);
  EXPECT_EQ(history_.events().back().at, 5s);
}

TEST_F(HistoryTest, MistakesAreBounded) {
  Event event;
  event.mistakes.resize(1'000);
  history_.add(std::move(event), 1s);
  EXPECT_EQ(history_.events().back().mistakes.size(), History::kMostMistakes);
}

TEST_F(HistoryTest, CountersShowEjections) {
  const NameId users = names_.intern("users");
  const unsigned remote_enforced = 1U | (1U << kSecondLowBits);
  const CounterKey key{kEjections, {.a = users}, {.first = 0, .second = remote_enforced}};
  cells_.counter(key).add(2);
  follow(10s);
  follow(11s);
  ASSERT_EQ(history_.events().size(), 1U);
  const Event& event = history_.events().back();
  EXPECT_EQ(wordOf(event.kind), "ejection");
  EXPECT_EQ(wordOf(event.severity), "bad");
  EXPECT_EQ(event.subject, "users");
  EXPECT_EQ(event.text, "ejected 2 endpoints: consecutive failures, no good response");
  EXPECT_EQ(event.at, 10s);
}

TEST_F(HistoryTest, EjectionsThatAreNotEnforcedAreOnlyNotices) {
  const CounterKey key{kEjections, {.a = names_.intern("users")}, {.first = 1, .second = 0}};
  cells_.counter(key).add();
  follow(10s);
  ASSERT_EQ(history_.events().size(), 1U);
  EXPECT_EQ(wordOf(history_.events().back().severity), "notice");
  EXPECT_EQ(history_.events().back().text,
            "would have ejected an endpoint: too many failures, no connection");
}

TEST_F(HistoryTest, CountersShowChangesOfHealth) {
  const NameId users = names_.intern("users");
  cells_.counter({kTransitions, {.a = users}, {.first = 1}}).add();
  follow(1s);
  cells_.counter({kTransitions, {.a = users}, {.first = 0}}).add();
  follow(2s);
  ASSERT_EQ(history_.events().size(), 2U);
  EXPECT_EQ(history_.events()[0].text, "an endpoint became unhealthy");
  EXPECT_EQ(wordOf(history_.events()[0].severity), "bad");
  EXPECT_EQ(history_.events()[1].text, "an endpoint became healthy");
  EXPECT_EQ(wordOf(history_.events()[1].severity), "good");
}

}  // namespace
}  // namespace weir::dashboard
