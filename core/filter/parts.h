#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/filter/commons.h"

namespace weir::http {
class Client;
}
namespace weir::net {
class Dialer;
}
namespace weir::state {
class Directory;
}

namespace weir::filter {

// The number of a configured filter in this process; never reused.
using MakerId = std::uint64_t;

// An immutable result of a filter's shared part, of the type T::Shared::Snapshot. Null: none yet.
using AnySnapshot = std::shared_ptr<const void>;

// The tools of the control thread, for T::Shared. They outlive it.
struct SharedTools {
  event::Loop& loop;
  MetricCells& metrics;
  http::Client& client;
  net::Dialer& dialer;
  Commons& commons;
  state::Directory* state = nullptr;  // for what a part keeps over restarts; null: nothing
};

// The tools of a worker, for T::Local. They outlive it.
struct LocalTools {
  event::Loop& loop;
  Random& random;
  MetricCells& metrics;
  http::Client& client;
  net::Dialer& dialer;
  Commons& commons;
};

// How a T::Shared gives the workers a new snapshot. May be called at any time, also after the part
// was destroyed; it then has no effect.
template <typename Snapshot>
using Publish = std::function<void(std::shared_ptr<const Snapshot>)>;

// A T::Shared of any filter T: one per configured filter, on the control thread.
class SharedPart {
 public:
  virtual ~SharedPart() = default;
  virtual void start(std::function<void(AnySnapshot)> publish, std::function<void()> ready) = 0;
};

// A T::Local of any filter T: one per configured filter and worker, on that worker.
class LocalPart : public event::Disposable {
 public:
  virtual void* object() = 0;  // the T::Local
  virtual void onSnapshot(const AnySnapshot& snapshot) = 0;
};

}  // namespace weir::filter
