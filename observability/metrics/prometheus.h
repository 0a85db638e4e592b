#pragma once

#include <memory>
#include <string>

namespace prometheus {
class Registry;
}

namespace weir::metrics {

// The prometheus-cpp side of the metrics page: the process_* metrics, and ordinary metrics of
// prometheus-cpp of parts off the hot path, which register them in registry().
//
// Thread: the control thread.
class Prometheus {
 public:
  Prometheus();
  ~Prometheus();
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  prometheus::Registry& registry() { return *registry_; }
  // Appends what the collectables have, as the library's TextSerializer writes it.
  void appendText(std::string& out) const;
  // The same counters and gauges in the other formats.
  void appendOpenMetrics(std::string& out) const;
  void appendProtobuf(std::string& out) const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
};

}  // namespace weir::metrics
