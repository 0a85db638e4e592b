#include "observability/access_log/condition.h"

#include <algorithm>
#include <string>

#include "core/base/number.h"
#include "core/config/table.h"

namespace weir::config {

template <>
struct Codec<access_log::StatusRange> {
  using StatusRange = access_log::StatusRange;

  static bool read(const Entry& entry, StatusRange& out, const Rules<StatusRange>&) {
    const std::string text = plainText(entry.value());
    const std::optional<StatusRange> range = access_log::parseStatusRange(text);
    if (!range) {
      if (numberOf(entry.value())) {
        return entry.fail(text + " is not a status code; expected 100 to 599");
      }
      return entry.failKind(
          "a status such as 404, or a string such as \"5xx\", \"400-499\" or \">=500\"");
    }
    out = *range;
    return true;
  }
  static Type type(const StatusRange&, const Rules<StatusRange>&, const Scope&) {
    Type either{.kind = Type::Kind::kAnyOf, .name = "status"};
    either.of = {
        patternType("status",
                    "^([1-5][0-9][0-9](-[1-5][0-9][0-9])?|[1-5]xx|[<>]=?[1-5][0-9][0-9])$"),
        integerType({100, 599}, {})};
    return either;
  }
  static Value show(const StatusRange& range, const Rules<StatusRange>&, const Scope&) {
    return Value(access_log::statusRangeText(range));
  }
};

template <>
struct Codec<access_log::StatusSet> {
  using StatusSet = access_log::StatusSet;
  using One = Codec<access_log::StatusRange>;
  using Many = Codec<std::vector<access_log::StatusRange>>;

  static bool read(const Entry& entry, StatusSet& out, const Rules<StatusSet>& rules) {
    if (entry.value().kind() == Value::Kind::kArray) {
      return Many::read(entry, out.ranges, {rules.limits});
    }
    access_log::StatusRange range;
    if (!One::read(entry, range, {})) return false;
    out.ranges.assign(1, range);
    return true;
  }
  static Type type(const StatusSet& now, const Rules<StatusSet>& rules, const Scope& scope) {
    Type either{.kind = Type::Kind::kAnyOf, .name = "status or array"};
    either.of = {One::type({}, {}, scope), Many::type(now.ranges, {rules.limits}, scope)};
    return either;
  }
  static Value show(const StatusSet& now, const Rules<StatusSet>& rules, const Scope& scope) {
    if (now.ranges.size() == 1) return One::show(now.ranges.front(), {}, scope);
    return Many::show(now.ranges, {rules.limits}, scope);
  }
};

}  // namespace weir::config

namespace weir::access_log {
namespace {

constexpr int kLowest = 100;
constexpr int kHighest = 599;

std::optional<int> parseStatus(std::string_view text) {
  const auto status = parseNumber<int>(text);
  return status && *status >= kLowest && *status <= kHighest ? status : std::nullopt;
}

// The number after an operator of one or two characters.
std::optional<StatusRange> parseComparison(std::string_view text) {
  const bool with_equal = text.size() > 1 && text[1] == '=';
  const auto status = parseStatus(text.substr(with_equal ? 2 : 1));
  if (!status) return std::nullopt;
  const int beyond = with_equal ? 0 : 1;
  const StatusRange range = text.front() == '>' ? StatusRange{*status + beyond, kHighest}
                                                : StatusRange{kLowest, *status - beyond};
  return range.first <= range.last ? std::optional(range) : std::nullopt;
}

}  // namespace

std::optional<StatusRange> parseStatusRange(std::string_view text) {
  if (text.starts_with('>') || text.starts_with('<')) return parseComparison(text);
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const int hundred = (text[0] - '0') * 100;
    return StatusRange{hundred, hundred + 99};
  }
  const std::size_t dash = text.find('-');
  const auto first = parseStatus(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parseStatus(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusRange{*first, *last};
}

std::string statusRangeText(StatusRange range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

bool Condition::holds(const http::ExchangeRecord& record) const {
  if (status.ranges.empty() && !min_duration && !reason) return true;
  if (reason && record.reason != Reason::kNone) return true;
  if (min_duration && record.times.total >= *min_duration) return true;
  return status.has(record.status);
}

bool StatusSet::has(int status) const {
  return std::any_of(ranges.begin(), ranges.end(), [status](const StatusRange& range) {
    return status >= range.first && status <= range.last;
  });
}

void Condition::read(config::Table& table, Condition& out) {
  table.read("status", out.status, "Status codes to log: one, a range or an array of them.");
  table.read("min_duration", out.min_duration, "Minimum duration of the requests to log.");
  table.read("reason", out.reason, "Whether to log requests that weir answered or ended itself.");
}

}  // namespace weir::access_log
