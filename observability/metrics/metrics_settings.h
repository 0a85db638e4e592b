#pragma once

namespace weir::config {
class Table;
}

namespace weir::metrics {

// [metrics]
struct Settings {
  bool native_histograms = false;
  bool exemplars = false;

  bool details() const { return native_histograms || exemplars; }
  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace weir::metrics
