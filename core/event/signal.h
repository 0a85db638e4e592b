#pragma once

#include <functional>
#include <memory>

struct uv_signal_s;

namespace weir::event {

class Loop;

// Calls back on the loop's thread for each arrival of one signal; destroying it stops that.
class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> on_signal);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  struct Handle;
  Handle* handle_;  // freed by libuv's closing callback
};

}  // namespace weir::event
