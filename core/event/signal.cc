#include "core/event/signal.h"

#include <uv.h>

#include "core/base/check.h"
#include "core/event/loop.h"

namespace weir::event {

struct Signal::Handle {
  uv_signal_t signal;
  Loop& loop;
  std::function<void()> on_signal;
};

Signal::Signal(Loop& loop, int number, std::function<void()> on_signal)
    : handle_(new Handle{{}, loop, std::move(on_signal)}) {
  WEIR_CHECK(uv_signal_init(loop.raw(), &handle_->signal) == 0);
  handle_->signal.data = handle_;
  const auto callback = [](uv_signal_t* signal, int) {
    auto* handle = static_cast<Handle*>(signal->data);
    handle->loop.beginEvent();
    handle->on_signal();
  };
  WEIR_CHECK(uv_signal_start(&handle_->signal, callback, number) == 0);
}

Signal::~Signal() {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->signal),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

}  // namespace weir::event
