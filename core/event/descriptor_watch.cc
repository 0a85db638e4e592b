#include "core/event/descriptor_watch.h"

#include <uv.h>

#include "core/base/check.h"
#include "core/event/loop.h"

namespace weir::event {

struct DescriptorWatch::Handle {
  uv_poll_t poll;
  Loop& loop;
  OnReady on_ready;
};

DescriptorWatch::DescriptorWatch(Loop& loop, int descriptor, OnReady on_ready)
    : handle_(new Handle{{}, loop, std::move(on_ready)}) {
  WEIR_CHECK(uv_poll_init(loop.raw(), &handle_->poll, descriptor) == 0);
  handle_->poll.data = handle_;
}

DescriptorWatch::~DescriptorWatch() {
  uv_poll_stop(&handle_->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void DescriptorWatch::watch(bool reading, bool writing) {
  const int events = (reading ? UV_READABLE : 0) | (writing ? UV_WRITABLE : 0);
  if (events == 0) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, events, [](uv_poll_t* poll, int status, int ready) {
    // An error is found out by whoever reads and writes.
    const bool readable = status != 0 || (ready & UV_READABLE) != 0;
    const bool writable = status != 0 || (ready & UV_WRITABLE) != 0;
    auto* handle = static_cast<Handle*>(poll->data);
    handle->loop.beginEvent();
    handle->on_ready(readable, writable);
  });
}

}  // namespace weir::event
