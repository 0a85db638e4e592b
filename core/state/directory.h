#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/metric_cells.h"
#include "core/base/result.h"
#include "core/event/log_limit.h"

namespace weir::state {

// What weir keeps over restarts: the last good answers of servers that it depends on. Each entry is
// a file of its own, with a checksum, that is replaced as a whole. A file that is damaged, or that
// weir did not write, is ignored with a warning. Without a directory nothing is kept.
//
// Nothing here is essential: a failure is logged, counted and returned, and the caller goes on.
// Entries may be secrets: only weir's user can read the files and the directory must be its own.
//
// Thread: the control thread. save() waits for the disk.
class Directory {
 public:
  static constexpr std::size_t kMostBytes = 64_MiB;  // of an entry

  explicit Directory(MetricCells& cells);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // Uses this directory, and creates it in an existing one if it is missing. An empty path: none.
  // False after a failure, which is logged: then nothing is kept.
  bool open(const std::string& path);
  bool isOpen() const { return descriptor_ >= 0; }
  const std::string& path() const { return path_; }  // as given to the latest open()

  // Replaces the entry. Without a directory it has no effect.
  Result<void> save(std::string_view name, std::string_view bytes);
  // kNotFound if there is no such entry, or no directory.
  Result<std::string> load(std::string_view name);

 private:
  void close();
  Result<void> write(const std::string& file, std::string_view text) const;
  Result<std::string> read(const std::string& file) const;

  MetricCells& cells_;
  std::string path_;
  int descriptor_ = -1;
  event::LogLimit failures_;
};

}  // namespace weir::state
