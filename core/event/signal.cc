#include "core/event/signal.h"

#include <utility>

#include <uv.h>

#include "core/event/loop.h"
#include "core/event/system_error.h"

namespace weir::event {

struct Signal::Handle {
  uv_signal_t signal;
  Loop& loop;
  std::function<void()> on_signal;
};

Result<std::unique_ptr<Signal>> Signal::open(Loop& loop, int number,
                                             std::function<void()> on_signal) {
  auto handle = std::make_unique<Handle>(Handle{{}, loop, std::move(on_signal)});
  const int without = uv_signal_init(loop.raw(), &handle->signal);
  if (without != 0) return errorOf(without);
  handle->signal.data = handle.get();
  std::unique_ptr<Signal> signal(new Signal(handle.release()));
  const auto callback = [](uv_signal_t* arrived, int) {
    auto* heard = static_cast<Handle*>(arrived->data);
    heard->loop.beginEvent();
    heard->on_signal();
  };
  const int failure = uv_signal_start(&signal->handle_->signal, callback, number);
  if (failure != 0) return errorOf(failure);
  return signal;
}

Signal::~Signal() {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->signal),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

}  // namespace weir::event
