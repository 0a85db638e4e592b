#pragma once

#include <memory>

#include "observability/metrics/page.h"

namespace prometheus {
class Collectable;
}

namespace weir::metrics {

// Provides a Page to prometheus-cpp, for its exposers and its other formats.
class PrometheusBridge {
 public:
  explicit PrometheusBridge(Page& page);
  ~PrometheusBridge();
  PrometheusBridge(const PrometheusBridge&) = delete;
  PrometheusBridge& operator=(const PrometheusBridge&) = delete;

  // Its Collect() must be called on the page's thread.
  const prometheus::Collectable& collectable() const;

 private:
  class Adapter;
  std::unique_ptr<Adapter> adapter_;
};

}  // namespace weir::metrics
