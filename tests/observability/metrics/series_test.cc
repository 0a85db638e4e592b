#include "observability/metrics/series.h"

#include <string>

#include <gtest/gtest.h>

#include "core/event/metrics.h"
#include "core/proxy/metrics.h"
#include "core/upstream/metrics.h"

namespace weir::metrics {
namespace {

using event::loopLagKey;
using proxy::AppProtocol;
using proxy::requestsInFlightKey;
using proxy::requestsKey;
using upstream::upstreamReusedConnectionsKey;

const MetricFamily& kInFlight = proxy::kRequestsInFlightFamily;
const MetricFamily& kReused = upstream::kReusedConnectionsFamily;

// The sum of the series with these labels, or -1.
std::int64_t valueOf(const SeriesTable& table, const MetricFamily& family,
                     std::string_view labels) {
  for (const std::uint32_t member : table.ofFamily(family)) {
    const Series& series = table.series(member);
    if (series.labels == labels) return static_cast<std::int64_t>(*table.values(series));
  }
  return -1;
}

TEST(SeriesTable, SumsTheCellsOfAllThreads) {
  NameTable names;
  const NameId listener = names.intern("public");
  MetricCells first;
  MetricCells second;
  SeriesTable table(names, {});
  table.addSource(first);
  table.addSource(second);
  first.gauge(requestsInFlightKey(listener)).add(5);
  second.gauge(requestsInFlightKey(listener)).add(-2);
  table.gather();
  EXPECT_EQ(valueOf(table, kInFlight, "listener=\"public\""), 3);
}

TEST(SeriesTable, MarksTheSeriesOfNamesThatLeft) {
  NameTable names;
  const NameId old = names.intern("old");
  const NameId fresh = names.intern("fresh");
  MetricCells cells;
  SeriesTable table(names, {});
  table.addSource(cells);
  const auto left = [&](NameId upstream) {
    for (const std::uint32_t member : table.ofFamily(kReused)) {
      const Series& series = table.series(member);
      if (series.key.names().a == upstream || series.key.names().b == upstream) return series.left;
    }
    return false;
  };
  cells.counter(upstreamReusedConnectionsKey(old)).add(1);
  cells.histogram(loopLagKey(old)).observe(Nanoseconds(1));
  table.gather();
  EXPECT_FALSE(left(old));
  table.setLeft({old, fresh});
  cells.counter(upstreamReusedConnectionsKey(fresh)).add(1);
  cells.counter(upstreamReusedConnectionsKey(old)).add(1);
  table.gather();
  EXPECT_TRUE(left(old));
  EXPECT_TRUE(left(fresh));
  const std::uint32_t loop = table.ofFamily(event::kLoopLagFamily).front();
  EXPECT_FALSE(table.series(loop).left);  // a name of weir that happens to be the same
  table.setLeft({});
  table.gather();
  EXPECT_FALSE(left(old));
  EXPECT_EQ(valueOf(table, kReused, "upstream=\"old\""), 2);
}

TEST(SeriesTable, WhatLeftTakesNobodysRoom) {
  NameTable names;
  MetricCells cells(3);
  SeriesTable table(names, {}, 3);
  table.addSource(cells);
  for (int i = 0; i < 12; ++i) {
    const std::string name = "upstream-" + std::to_string(i);
    cells.counter(upstreamReusedConnectionsKey(names.intern(name))).add(1);
    table.gather();
    EXPECT_EQ(valueOf(table, kReused, "upstream=\"" + name + "\""), 1);
    table.setLeft({});  // a different set each time
    std::unordered_set<NameId> left;
    for (int j = 0; j <= i; ++j) left.insert(names.intern("upstream-" + std::to_string(j)));
    table.setLeft(left);
  }
  EXPECT_EQ(table.dropped(), 0U);
}

TEST(SeriesTable, StartsAnewWithEachGather) {
  NameTable names;
  const NameId listener = names.intern("public");
  MetricCells cells;
  SeriesTable table(names, {});
  table.addSource(cells);
  cells.gauge(requestsInFlightKey(listener)).add(1);
  table.gather();
  cells.gauge(requestsInFlightKey(listener)).add(1);
  table.gather();
  EXPECT_EQ(valueOf(table, kInFlight, "listener=\"public\""), 2);
}

TEST(SeriesTable, TakesInWhatAppearedSinceTheLastGather) {
  NameTable names;
  const NameId upstream = names.intern("orders");
  MetricCells first;
  MetricCells second;
  SeriesTable table(names, {});
  table.addSource(first);
  table.addSource(second);
  first.counter(upstreamReusedConnectionsKey(upstream)).add(1);
  table.gather();
  second.counter(upstreamReusedConnectionsKey(names.intern("stock"))).add(4);
  second.counter(upstreamReusedConnectionsKey(upstream)).add(2);
  table.gather();
  EXPECT_EQ(valueOf(table, kReused, "upstream=\"orders\""), 3);
  EXPECT_EQ(valueOf(table, kReused, "upstream=\"stock\""), 4);
  EXPECT_EQ(table.size(), 2U);
}

TEST(SeriesTable, HoldsTheCeilingOverAllThreads) {
  NameTable names;
  MetricCells first(2);
  MetricCells second(2);
  SeriesTable table(names, {}, 3);
  table.addSource(first);
  table.addSource(second);
  first.counter(upstreamReusedConnectionsKey(names.intern("a"))).add(1);
  first.counter(upstreamReusedConnectionsKey(names.intern("b"))).add(1);
  second.counter(upstreamReusedConnectionsKey(names.intern("c"))).add(1);
  second.counter(upstreamReusedConnectionsKey(names.intern("d"))).add(10);
  second.counter(upstreamReusedConnectionsKey(names.intern("e"))).add(20);
  table.gather();
  table.gather();
  EXPECT_EQ(valueOf(table, kReused, "upstream=\"__other__\""), 30);
  EXPECT_EQ(table.dropped(), 2U);  // "d", folded here, and "e", folded by its thread
}

TEST(SeriesTable, EscapesLabels) {
  NameTable names;
  MetricCells cells;
  SeriesTable table(names, {});
  table.addSource(cells);
  cells.gauge(requestsInFlightKey(names.intern("a\"b\\c\nd\xC3\xA9"))).set(1);
  table.gather();
  EXPECT_EQ(valueOf(table, kInFlight, "listener=\"a\\\"b\\\\c\\nd\xC3\xA9\""), 1);
}

TEST(SeriesTable, NamesAllLabelsInOrder) {
  NameTable names;
  MetricCells cells;
  SeriesTable table(names, {});
  table.addSource(cells);
  cells.counter(requestsKey(names.intern("l"), names.intern("r"), 2, AppProtocol::kH1, 201)).add();
  cells.counter(requestsKey(kOtherName, 99, 9, AppProtocol::kH1, 7)).add();
  table.gather();
  EXPECT_EQ(valueOf(table, proxy::kRequestsFamily,
                    "listener=\"l\",route=\"r\",method=\"POST\",protocol=\"h1\",code=\"201\""),
            1);
  EXPECT_EQ(valueOf(table, proxy::kRequestsFamily,
                    "listener=\"__other__\",route=\"__other__\",method=\"_OTHER\","
                    "protocol=\"h1\",code=\"__other__\""),
            1);
}

TEST(LabelText, SpellsMethodsAsHttpDoes) {
  const NameTable names;
  const MetricLabel& label = proxy::kRequestsFamily.labels[2];
  ASSERT_EQ(label.name, "method");
  for (unsigned i = 0; i <= static_cast<unsigned>(http::Method::kOther); ++i) {
    EXPECT_EQ(labelText(label, requestsKey(1, 2, i, AppProtocol::kH1, 200), names),
              http::toString(static_cast<http::Method>(i)));
  }
}

}  // namespace
}  // namespace weir::metrics
