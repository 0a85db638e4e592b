#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/event/wheel.h"

namespace weir::event {

class Loop;

// Calls back when any of some files changed: written, replaced by rename, or behind a symbolic link
// that was swapped (as Kubernetes does). Watches the directories that hold them, and says so once
// for a burst of changes, when for `settle` nothing has changed further: whoever writes a file in
// pieces is waited for. Other files there, a log for example, may change
// as they like: what counts is whether a watched one differs in identity, size or time.
class FileWatch {
 public:
  FileWatch(Loop& loop, Milliseconds settle, std::function<void()> on_change);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Replaces the set of watched files and directories. What does not exist is skipped.
  void watch(const std::vector<std::string>& paths);

  void setSettle(Milliseconds settle) { settle_ = settle; }

  // The files are about to be read: what they are now is no change any more.
  void mark();

 private:
  struct Directory;
  // Device, inode, size and time of the last change; all 0 for what is not there.
  using Print = std::array<std::int64_t, 5>;

  static Print printOf(const std::string& path);
  void watchDirectory(const std::string& path);
  void onEvent();
  void onSettled();

  Loop& loop_;
  Milliseconds settle_;
  const std::function<void()> on_change_;
  Alarm<FileWatch, &FileWatch::onSettled> settled_;
  std::vector<Directory*> directories_;   // each freed by libuv's closing callback
  std::map<std::string, Print> prints_;   // of the watched paths, as they were read
  std::map<std::string, Print> changed_;  // as they were at the latest look, if other than that
};

}  // namespace weir::event
