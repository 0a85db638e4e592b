#include "core/event/descriptor_watch.h"

#include <utility>

#include <uv.h>

#include "core/event/loop.h"
#include "core/event/system_error.h"

namespace weir::event {

struct DescriptorWatch::Handle {
  uv_poll_t poll;
  Loop& loop;
  OnReady on_ready;
};

Result<std::unique_ptr<DescriptorWatch>> DescriptorWatch::open(Loop& loop, int descriptor,
                                                               OnReady on_ready) {
  auto handle = std::make_unique<Handle>(Handle{{}, loop, std::move(on_ready)});
  const int failure = uv_poll_init(loop.raw(), &handle->poll, descriptor);
  if (failure != 0) return errorOf(failure);
  handle->poll.data = handle.get();
  return std::unique_ptr<DescriptorWatch>(new DescriptorWatch(handle.release()));
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
    // The read or write that follows reports the error.
    const bool readable = status != 0 || (ready & UV_READABLE) != 0;
    const bool writable = status != 0 || (ready & UV_WRITABLE) != 0;
    auto* handle = static_cast<Handle*>(poll->data);
    handle->loop.beginEvent();
    handle->on_ready(readable, writable);
  });
}

}  // namespace weir::event
