#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// What `weir top` shows of the metrics of one scrape, as sums since the start of the process.
struct TopSample {
  // Counts by upper limit of the duration in seconds.
  using Buckets = std::map<double, double>;

  struct Row {
    double requests = 0;
    double failures = 0;  // status 5xx, or no response
    Buckets durations = {};
  };
  struct Upstream {
    Row attempts = {};
    double connections = 0;
    std::map<std::string, double> endpoints = {};  // by state
  };

  std::map<std::string, Row> routes;
  std::map<std::string, Upstream> upstreams;

  // Reads a page in the text format of Prometheus; other metrics and damaged lines are skipped.
  static TopSample read(std::string_view page);
};

// The tables: rates, success and percentiles between two scrapes that are `seconds` apart, totals
// since the start of the process. A row without requests in between has the percentiles since the
// start.
std::string topText(const TopSample& before, const TopSample& now, double seconds);

}  // namespace weir
