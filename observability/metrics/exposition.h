#pragma once

#include <cstdint>
#include <string_view>

namespace weir::metrics {

// A format of the metrics page.
enum class Exposition : std::uint8_t {
  kText,         // the text format of Prometheus, 0.0.4
  kOpenMetrics,  // OpenMetrics 1.0, with exemplars
  kProtobuf,     // messages io.prometheus.client.MetricFamily, with native histograms
};

// The one that the client prefers among those it accepts, by the highest weight and then by their
// order in the header; the text format if it accepts none of them.
Exposition chooseExposition(std::string_view accept);
// For the Content-Type of the page.
std::string_view contentType(Exposition exposition);

// True if the client accepts the page compressed by gzip.
bool acceptsGzip(std::string_view accept_encoding);

}  // namespace weir::metrics
