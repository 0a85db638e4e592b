#pragma once

#include <functional>
#include <memory>

#include "core/base/result.h"

struct uv_signal_s;

namespace weir::event {

class Loop;

// Calls back on the loop's thread for each arrival of one signal, until it is destroyed.
class Signal {
 public:
  static Result<std::unique_ptr<Signal>> open(Loop& loop, int number,
                                              std::function<void()> on_signal);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  struct Handle;
  explicit Signal(Handle* handle) : handle_(handle) {}
  Handle* handle_;  // freed by libuv's closing callback
};

}  // namespace weir::event
