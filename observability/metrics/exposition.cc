#include "observability/metrics/exposition.h"

#include <algorithm>
#include <optional>

#include "core/http/accept.h"
#include "core/http/syntax.h"
#include "observability/metrics/text_format.h"

namespace weir::metrics {
namespace {

// An element of Accept or Accept-Encoding: its name, parameters and weight.
struct Range {
  std::string_view name;
  std::string_view parameters;
  int weight = 0;  // in thousandths

  // The value of a parameter, without quotes; empty if there is none.
  std::string_view parameter(std::string_view wanted) const {
    std::string_view rest = parameters;
    while (!rest.empty()) {
      const std::string_view one = http::trimmed(rest.substr(0, rest.find(';')));
      rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
      const std::size_t equals = one.find('=');
      if (equals == std::string_view::npos) continue;
      if (!http::equalsIgnoringCase(http::trimmed(one.substr(0, equals)), wanted)) continue;
      std::string_view value = http::trimmed(one.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
      return value;
    }
    return {};
  }
};

Range readRange(std::string_view element) {
  Range range;
  const std::size_t end = element.find(';');
  range.name = http::trimmed(element.substr(0, end));
  if (end == std::string_view::npos) {
    range.weight = http::acceptWeight({});
  } else {
    range.parameters = element.substr(end + 1);
    range.weight = http::acceptWeight(element.substr(end));
  }
  return range;
}

// The format of a media range that asks for one.
std::optional<Exposition> formatOf(const Range& range) {
  using http::equalsIgnoringCase;
  if (equalsIgnoringCase(range.name, "application/vnd.google.protobuf")) {
    const bool known = range.parameter("proto") == "io.prometheus.client.MetricFamily" &&
                       range.parameter("encoding") == "delimited";
    return known ? std::optional(Exposition::kProtobuf) : std::nullopt;
  }
  if (equalsIgnoringCase(range.name, "application/openmetrics-text")) {
    const std::string_view version = range.parameter("version");
    const bool known = version.empty() || version == "1.0.0" || version == "0.0.1";
    return known ? std::optional(Exposition::kOpenMetrics) : std::nullopt;
  }
  if (equalsIgnoringCase(range.name, "text/plain") || range.name == "*/*" ||
      equalsIgnoringCase(range.name, "text/*")) {
    return Exposition::kText;
  }
  return std::nullopt;
}

}  // namespace

Exposition chooseExposition(std::string_view accept) {
  Exposition best = Exposition::kText;
  int weight = 0;
  http::forEachToken(accept, [&](std::string_view element) {
    const Range range = readRange(element);
    const auto format = formatOf(range);
    if (!format || range.weight <= weight) return;
    best = *format;
    weight = range.weight;
  });
  return best;
}

std::string_view contentType(Exposition exposition) {
  switch (exposition) {
    case Exposition::kText:
      return kTextContentType;
    case Exposition::kOpenMetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    case Exposition::kProtobuf:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
             "encoding=delimited";
  }
  return kTextContentType;
}

bool acceptsGzip(std::string_view accept_encoding) {
  bool accepts = false;
  http::forEachToken(accept_encoding, [&](std::string_view element) {
    const Range range = readRange(element);
    if (http::equalsIgnoringCase(range.name, "gzip")) accepts = range.weight > 0;
  });
  return accepts;
}

}  // namespace weir::metrics
