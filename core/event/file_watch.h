#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/event/wheel.h"

namespace weir::event {

class Loop;

// Calls back when any of some files may have changed: written, replaced by rename, or behind a
// symbolic link that was swapped (as Kubernetes does). Watches the directories that hold them, and
// says so once for a burst of changes, `settle` after the last.
class FileWatch {
 public:
  FileWatch(Loop& loop, Milliseconds settle, std::function<void()> on_change);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Replaces the set of watched files and directories. What does not exist is skipped.
  void watch(const std::vector<std::string>& paths);

 private:
  struct Directory;
  void onEvent();
  void onSettled() { on_change_(); }

  Loop& loop_;
  const Milliseconds settle_;
  const std::function<void()> on_change_;
  Alarm<FileWatch, &FileWatch::onSettled> settled_;
  std::vector<Directory*> directories_;  // each freed by libuv's closing callback
};

}  // namespace weir::event
