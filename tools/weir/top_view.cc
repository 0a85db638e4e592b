#include "tools/weir/top_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "observability/text/table.h"

namespace weir {
namespace {

// One line of the page: name{label="value",...} number
struct Line {
  std::string_view name;
  std::string_view labels;
  double value = 0;

  // Without escapes: names of routes and upstreams have none.
  std::string_view label(std::string_view key) const {
    std::string_view rest = labels;
    while (!rest.empty()) {
      const std::size_t equals = rest.find("=\"");
      if (equals == std::string_view::npos) return {};
      const std::string_view found = rest.substr(0, equals);
      rest.remove_prefix(equals + 2);
      const std::size_t end = rest.find('"');
      if (end == std::string_view::npos) return {};
      if (found == key) return rest.substr(0, end);
      rest.remove_prefix(std::min(end + 2, rest.size()));  // and the comma
    }
    return {};
  }
};

std::optional<double> numberIn(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);  // "+Inf"
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

std::optional<Line> readLine(std::string_view text) {
  if (text.empty() || text.front() == '#') return std::nullopt;
  const std::size_t space = text.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto value = numberIn(text.substr(space + 1));
  if (!value) return std::nullopt;
  const std::string_view series = text.substr(0, space);
  const std::size_t brace = series.find('{');
  if (brace == std::string_view::npos) return Line{series, {}, *value};
  return Line{series.substr(0, brace), series.substr(brace + 1, series.size() - brace - 2), *value};
}

void add(const Line& line, TopSample& sample) {
  const auto route = [&]() -> TopSample::Row& {
    return sample.routes[std::string(line.label("route"))];
  };
  const auto upstream = [&]() -> TopSample::Upstream& {
    return sample.upstreams[std::string(line.label("upstream"))];
  };
  const auto limit = [&] { return numberIn(line.label("le")).value_or(0); };
  const auto fails = [](std::string_view code) {
    return code.empty() || code == "0" || code.starts_with('5');
  };
  if (line.name == "weir_requests_total") {
    route().requests += line.value;
    if (fails(line.label("code"))) route().failures += line.value;
  } else if (line.name == "weir_request_duration_seconds_bucket") {
    route().durations[limit()] += line.value;
  } else if (line.name == "weir_upstream_requests_total") {
    upstream().attempts.requests += line.value;
    if (fails(line.label("code"))) upstream().attempts.failures += line.value;
  } else if (line.name == "weir_upstream_attempt_duration_seconds_bucket") {
    upstream().attempts.durations[limit()] += line.value;
  } else if (line.name == "weir_upstream_connections_active") {
    upstream().connections += line.value;
  } else if (line.name == "weir_upstream_endpoints") {
    upstream().endpoints[std::string(line.label("state"))] += line.value;
  }
}

// By linear interpolation within the bucket; negative: unknown. Counts are cumulative.
double percentile(const TopSample::Buckets& buckets, double share) {
  if (buckets.empty() || buckets.rbegin()->second <= 0) return -1;
  const double wanted = share * buckets.rbegin()->second;
  double low = 0;
  double below = 0;
  for (const auto& [limit, count] : buckets) {
    if (count >= wanted) {
      if (std::isinf(limit)) return low;
      const double within = count - below;
      return within <= 0 ? limit : low + (limit - low) * (wanted - below) / within;
    }
    low = limit;
    below = count;
  }
  return low;
}

TopSample::Row differenceOf(const TopSample::Row& now, const TopSample::Row& before) {
  TopSample::Row change = now;
  change.requests -= before.requests;
  change.failures -= before.failures;
  for (auto& [limit, count] : change.durations) {
    const auto found = before.durations.find(limit);
    if (found != before.durations.end()) count -= found->second;
  }
  return change;
}

std::string decimal(double number, const char* format) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), format, number);
  return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::string millisecondText(double seconds) {
  return seconds < 0 ? "-" : decimal(seconds * 1000, "%.1f ms");
}

std::string successText(const TopSample::Row& row) {
  if (row.requests <= 0) return "-";
  return decimal(100 * (1 - row.failures / row.requests), "%.2f %%");
}

// The columns that routes and upstreams have in common.
TextRow columns(const std::string& name, const TopSample::Row& now, const TopSample::Row& before,
                double seconds) {
  const TopSample::Row change = differenceOf(now, before);
  const bool quiet = change.requests <= 0;
  const TopSample::Row& shown = quiet ? now : change;
  return {name.empty() ? "(none)" : name,
          decimal(seconds > 0 ? std::max(change.requests, 0.0) / seconds : 0, "%.1f"),
          successText(shown),
          millisecondText(percentile(shown.durations, 0.5)),
          millisecondText(percentile(shown.durations, 0.99)),
          decimal(now.requests, "%.0f")};
}

const TopSample::Row& rowOf(const std::map<std::string, TopSample::Row>& rows,
                            const std::string& name) {
  static const TopSample::Row kNone;
  const auto found = rows.find(name);
  return found == rows.end() ? kNone : found->second;
}

std::string endpointsText(const std::map<std::string, double>& endpoints) {
  std::string text;
  for (const auto& [state, count] : endpoints) {
    if (count > 0) text += (text.empty() ? "" : ", ") + decimal(count, "%.0f ") + state;
  }
  return text.empty() ? "-" : text;
}

}  // namespace

TopSample TopSample::read(std::string_view page) {
  TopSample sample;
  while (!page.empty()) {
    const std::string_view text = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(text.size() + 1, page.size()));
    if (const auto line = readLine(text)) add(*line, sample);
  }
  return sample;
}

std::string topText(const TopSample& before, const TopSample& now, double seconds) {
  std::vector<TextRow> routes = {{"ROUTE", "REQ/S", "SUCCESS", "P50", "P99", "TOTAL"}};
  for (const auto& [name, row] : now.routes) {
    routes.push_back(columns(name, row, rowOf(before.routes, name), seconds));
  }
  std::vector<TextRow> upstreams = {
      {"UPSTREAM", "ATT/S", "SUCCESS", "P50", "P99", "TOTAL", "CONNECTIONS", "ENDPOINTS"}};
  for (const auto& [name, upstream] : now.upstreams) {
    const auto found = before.upstreams.find(name);
    const TopSample::Row old =
        found == before.upstreams.end() ? TopSample::Row() : found->second.attempts;
    TextRow row = columns(name, upstream.attempts, old, seconds);
    row.push_back(decimal(upstream.connections, "%.0f"));
    row.push_back(endpointsText(upstream.endpoints));
    upstreams.push_back(std::move(row));
  }
  return printableText(textTable(routes) + textTable(upstreams));
}

}  // namespace weir
