#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/event/wheel.h"

namespace weir::event {

class Loop;

// Calls back when any of several files has changed: written, replaced by rename, or behind a
// symbolic link that was swapped (as Kubernetes does). Watches the directories of the files, and
// calls back once for a burst of changes, after `settle` without a further change, so that a file
// that is written in pieces is complete, and at the latest after kMostSettles times that if changes
// do not end. Changes of other files in those directories, a log for
// example, are ignored: only the identity, size and time of the watched files are compared. They
// are also compared every kPoll, for file systems that report no changes, such as NFS.
class FileWatch {
 public:
  static constexpr Milliseconds kSettle{100};
  static constexpr Milliseconds kPoll{30'000};
  static constexpr int kMostSettles = 10;

  FileWatch(Loop& loop, Milliseconds settle, std::function<void()> on_change);
  // Watches one file, which may be missing, from now on. The callback reads the file; it may also
  // destroy the watch.
  FileWatch(Loop& loop, std::string path, std::function<void()> on_change);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Replaces the set of watched files and directories. Nonexistent ones are skipped.
  void watch(const std::vector<std::string>& paths);

  void setSettle(Milliseconds settle) { settle_ = settle; }

  // Call before reading the files: their current state no longer counts as a change.
  void mark();

 private:
  struct Directory;
  // Device, inode, size and modification time; all 0 for a missing file.
  using Print = std::array<std::int64_t, 5>;

  static Print printOf(const std::string& path);
  void watchDirectory(const std::string& path);
  void onEvent();
  void onSettled();
  bool overdue() const;  // while changes have not been reported
  void onPoll();

  Loop& loop_;
  Milliseconds settle_;
  const std::function<void()> on_change_;
  std::string only_;  // the path, if there is but one: watch() is called again after each change
  Alarm<FileWatch, &FileWatch::onSettled> settled_;
  Alarm<FileWatch, &FileWatch::onPoll> poll_;
  std::vector<Directory*> directories_;   // each freed by libuv's closing callback
  std::map<std::string, Print> prints_;   // of the watched paths when they were read
  std::map<std::string, Print> changed_;  // at the latest check, if different
  std::optional<Milliseconds> changing_since_;
};

}  // namespace weir::event
