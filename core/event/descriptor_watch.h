#pragma once

#include <functional>
#include <memory>

#include "core/base/result.h"

namespace weir::event {

class Loop;

// Calls back while a descriptor owned elsewhere is readable or writable. Must be destroyed before
// the descriptor is closed; may be destroyed in its own callback.
class DescriptorWatch {
 public:
  using OnReady = std::function<void(bool readable, bool writable)>;

  static Result<std::unique_ptr<DescriptorWatch>> open(Loop& loop, int descriptor,
                                                       OnReady on_ready);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  void watch(bool reading, bool writing);  // neither: pauses

 private:
  struct Handle;
  explicit DescriptorWatch(Handle* handle) : handle_(handle) {}
  Handle* handle_;  // freed by libuv's closing callback
};

}  // namespace weir::event
