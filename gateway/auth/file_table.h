#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/names.h"
#include "core/event/file_watch.h"
#include "core/event/loop.h"
#include "core/filter/parts.h"
#include "gateway/auth/file_metrics.h"
#include "gateway/auth/line_file.h"

namespace weir::gateway {

// What a file contains: a table, or faults.
template <typename Table>
struct FileContent {
  std::shared_ptr<const Table> table;  // null: the file cannot be used
  std::vector<LineFault> faults;
};

// The files that were good when they were last read.
//
// Thread: the control thread.
template <typename Table>
class GoodFiles {
 public:
  static bool has(const std::string& path, const FilePrint& print) {
    const auto known = all().find(path);
    return known != all().end() && known->second == print && print != FilePrint{};
  }
  static void add(const std::string& path, const FilePrint& print) {
    constexpr std::size_t kMost = 1024;
    if (all().size() >= kMost) all().clear();
    all()[path] = print;
  }

 private:
  static std::map<std::string, FilePrint>& all() {
    static std::map<std::string, FilePrint> files;
    return files;
  }
};

// Reads a file when a configuration is checked, and reports its faults. Many routes may name the
// file, and every reload checks it: a file that was good is read again only if it has changed.
template <typename Table>
void checkFile(const std::string& path, const std::string& setting,
               config::Diagnostics& diagnostics) {
  const FilePrint print = printOf(path);
  if (GoodFiles<Table>::has(path, print)) return;
  const FileContent<Table> content = Table::read(path);
  report(content.faults, path, setting, diagnostics);
  if (content.table != nullptr) GoodFiles<Table>::add(path, print);
}

// Publishes the table that a file contains, and a new one whenever the file has changed. Reading
// happens on another thread than those of the workers and the control thread. A file that cannot be
// used changes nothing: the table before it stays in use.
//
// `Table` has `static FileContent<Table> read(const std::string& path)`.
//
// Thread: the control thread.
template <typename Table>
class FileTable {
 public:
  // `file`: the number of the path, for metrics.
  FileTable(std::string path, NameId file, const filter::SharedTools& tools)
      : path_(std::move(path)),
        file_(file),
        tools_(tools),
        living_(std::make_shared<const Living>(Living{*this})),
        watch_(tools.loop, path_, [this] { read(); }) {}
  FileTable(const FileTable&) = delete;
  FileTable& operator=(const FileTable&) = delete;

  void start(filter::Publish<Table> publish, std::function<void()> ready) {
    publish_ = std::move(publish);
    ready_ = std::move(ready);
    read();
  }

 private:
  // A FileTable as long as it lives.
  struct Living {
    FileTable& table;
  };

  void read() {
    if (std::exchange(reading_, true)) {
      changed_ = true;
      return;
    }
    watch_.mark();
    print_ = printOf(path_);
    const auto content = std::make_shared<FileContent<Table>>();
    tools_.loop.work([content, path = path_] { *content = Table::read(path); },
                     [content, living = std::weak_ptr<const Living>(living_)] {
                       const auto alive = living.lock();
                       if (alive != nullptr) alive->table.onRead(*content);
                     });
  }

  void onRead(FileContent<Table>& content) {
    reading_ = false;
    const bool good = content.table != nullptr;
    if (good) GoodFiles<Table>::add(path_, print_);
    tools_.metrics.counter(fileReadsKey(file_, good ? FileRead::kSuccess : FileRead::kFailure))
        .add();
    for (const LineFault& fault : content.faults) {
      log::error(fault.text(path_) + "; the content read before stays in use");
    }
    if (good) publish_(std::move(content.table));
    if (const auto ready = std::exchange(ready_, nullptr)) ready();
    if (std::exchange(changed_, false)) read();
  }

  const std::string path_;
  const NameId file_;
  const filter::SharedTools tools_;
  const std::shared_ptr<const Living> living_;
  event::FileWatch watch_;
  filter::Publish<Table> publish_;
  std::function<void()> ready_;
  FilePrint print_{};  // before it was read
  bool reading_ = false;
  bool changed_ = false;  // while it was being read
};

}  // namespace weir::gateway
