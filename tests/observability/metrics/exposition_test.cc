#include "observability/metrics/exposition.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::metrics {
namespace {

TEST(Exposition, TextIsTheDefault) {
  EXPECT_EQ(chooseExposition(""), Exposition::kText);
  EXPECT_EQ(chooseExposition("*/*"), Exposition::kText);
  EXPECT_EQ(chooseExposition("text/html, application/json"), Exposition::kText);
  EXPECT_EQ(chooseExposition("text/plain;version=0.0.4"), Exposition::kText);
}

TEST(Exposition, WhatPrometheusSends) {
  EXPECT_EQ(chooseExposition("application/openmetrics-text;version=1.0.0,"
                             "application/openmetrics-text;version=0.0.1;q=0.75,"
                             "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Exposition::kOpenMetrics);
  EXPECT_EQ(chooseExposition("application/vnd.google.protobuf;proto=io.prometheus.client."
                             "MetricFamily;encoding=delimited,application/openmetrics-text;"
                             "version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.2"),
            Exposition::kProtobuf);
  EXPECT_EQ(
      chooseExposition("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                       "application/openmetrics-text;version=0.0.1;q=0.5,"
                       "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
      Exposition::kOpenMetrics);
}

TEST(Exposition, TheHighestWeightWins) {
  EXPECT_EQ(chooseExposition("application/openmetrics-text;q=0.1, text/plain;q=0.9"),
            Exposition::kText);
  EXPECT_EQ(chooseExposition("text/plain;q=0.5, application/openmetrics-text; version=\"1.0.0\""),
            Exposition::kOpenMetrics);
  for (const std::string_view malformed : {"nan", "inf", "-1", "2", "1e3", ""}) {
    const std::string accept = "application/openmetrics-text;q=" + std::string(malformed);
    EXPECT_EQ(chooseExposition(accept + ", text/plain;q=0.1"), Exposition::kText) << malformed;
    EXPECT_FALSE(acceptsGzip("gzip;q=" + std::string(malformed))) << malformed;
  }
  EXPECT_EQ(chooseExposition("application/openmetrics-text;q=0, text/plain;q=0.1"),
            Exposition::kText);
}

TEST(Exposition, OtherVersionsAndEncodingsAreNotKnown) {
  EXPECT_EQ(chooseExposition("application/openmetrics-text;version=2.0.0"), Exposition::kText);
  EXPECT_EQ(chooseExposition("application/vnd.google.protobuf;proto=io.prometheus.client."
                             "MetricFamily;encoding=text"),
            Exposition::kText);
}

TEST(Exposition, Gzip) {
  EXPECT_TRUE(acceptsGzip("gzip"));
  EXPECT_TRUE(acceptsGzip("br, GZIP;q=0.5"));
  EXPECT_FALSE(acceptsGzip("gzip;q=0, br"));
  EXPECT_FALSE(acceptsGzip("identity"));
  EXPECT_FALSE(acceptsGzip(""));
}

}  // namespace
}  // namespace weir::metrics
