#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/http/record.h"

namespace weir::config {
class Table;
}

namespace weir::access_log {

// A range of statuses, both ends included.
struct StatusRange {
  int first = 100;
  int last = 599;
  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

// "404", "5xx", "400-499", ">=500" or "<400".
std::optional<StatusRange> parseStatusRange(std::string_view text);
std::string statusRangeText(StatusRange range);  // parseStatusRange() reads it back

// In the configuration: one range, or an array of them.
struct StatusSet {
  std::vector<StatusRange> ranges = {};

  bool has(int status) const;
  friend bool operator==(const StatusSet&, const StatusSet&) = default;
};

// Selects the exchanges that are logged: those that pass any of the tests, or all if there is none.
struct Condition {
  StatusSet status = {};                         // empty if the client left before the response
  std::optional<Nanoseconds> min_duration = {};  // at least that long
  bool reason = false;                           // the exchange has a Reason

  static void read(config::Table& table, Condition& out);
  bool holds(const http::ExchangeRecord& record) const;
  friend bool operator==(const Condition&, const Condition&) = default;
};

}  // namespace weir::access_log
