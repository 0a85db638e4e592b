#include "core/event/file_watch.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sys/stat.h>

#include <uv.h>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/event/loop.h"

namespace weir::event {

struct FileWatch::Directory {
  uv_fs_event_t event;
  FileWatch* owner;
};

namespace {

std::string directoryOf(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

// Adds the directory of a path, that of each symbolic link in it, and that of their target, so that
// a swap of any of them is noticed. Adds the file itself, too: a file that is mounted over another
// one, as by container engines, changes without an event in its directory.
void addWatched(const std::filesystem::path& path, std::set<std::string>& into) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) into.insert(path.string());
  into.insert(directoryOf(path));
  for (auto part = path.parent_path(); part.has_relative_path(); part = part.parent_path()) {
    if (std::filesystem::is_symlink(part, failed)) into.insert(directoryOf(part));
  }
  const auto real = std::filesystem::canonical(path, failed);
  if (failed) return;
  into.insert(real.parent_path().string());
  into.insert(real.string());
}

}  // namespace

FileWatch::FileWatch(Loop& loop, Milliseconds settle, std::function<void()> on_change)
    : loop_(loop),
      settle_(settle),
      on_change_(std::move(on_change)),
      settled_(loop.wheel(), *this),
      poll_(loop.wheel(), *this) {}

FileWatch::FileWatch(Loop& loop, std::string path, std::function<void()> on_change)
    : FileWatch(loop, kSettle, std::move(on_change)) {
  only_ = std::move(path);
  watch({only_});
}

FileWatch::~FileWatch() { watch({}); }

void FileWatch::watch(const std::vector<std::string>& paths) {
  for (Directory* directory : directories_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&directory->event),
             [](uv_handle_t* handle) { delete static_cast<Directory*>(handle->data); });
  }
  directories_.clear();
  std::set<std::string> wanted;
  std::map<std::string, Print> prints;
  for (const std::string& path : paths) {
    addWatched(path, wanted);
    const auto known = prints_.find(path);
    prints[path] = known == prints_.end() ? printOf(path) : known->second;
  }
  prints_ = std::move(prints);
  for (const std::string& path : wanted) watchDirectory(path);
  poll_.disarm();
  if (wanted.empty()) return;
  // Changes while no directory was watched caused no event.
  settled_.arm(settle_);
  poll_.arm(kPoll);
}

void FileWatch::watchDirectory(const std::string& path) {
  auto* directory = new Directory{{}, this};
  WEIR_CHECK(uv_fs_event_init(loop_.raw(), &directory->event) == 0);
  directory->event.data = directory;
  directories_.push_back(directory);
  const auto callback = [](uv_fs_event_t* event, const char*, int, int) {
    FileWatch* owner = static_cast<Directory*>(event->data)->owner;
    owner->loop_.beginEvent();
    owner->onEvent();
  };
  const int failure = uv_fs_event_start(&directory->event, callback, path.c_str(), 0);
  // A directory that has disappeared meanwhile is not an error: the next reload renews the watches.
  if (failure == 0 || failure == UV_ENOENT || failure == UV_ENOTDIR) return;
  log::warning("changes to files in " + path + " are not detected: " + uv_strerror(failure));
}

FileWatch::Print FileWatch::printOf(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino),
          found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

void FileWatch::mark() {
  for (auto& [path, print] : prints_) print = printOf(path);
}

void FileWatch::onEvent() {
  if (!changing_since_) changing_since_ = loop_.now();
  settled_.arm(overdue() ? Milliseconds(0) : settle_);
}

bool FileWatch::overdue() const { return loop_.now() - *changing_since_ >= kMostSettles * settle_; }

void FileWatch::onSettled() {
  auto now = prints_;
  for (auto& [path, print] : now) print = printOf(path);
  if (now == prints_) {
    changing_since_.reset();
    return changed_.clear();
  }
  if (!changing_since_) changing_since_ = loop_.now();
  if (now != changed_ && !overdue()) {
    changed_ = std::move(now);
    return settled_.arm(settle_);
  }
  prints_ = std::move(now);
  changed_.clear();
  changing_since_.reset();
  // The change may have been that of a symbolic link, whose target is in another directory now.
  if (!only_.empty()) watch({only_});
  const auto on_change = on_change_;
  on_change();
}

void FileWatch::onPoll() {
  poll_.arm(kPoll);
  const bool same = std::all_of(prints_.begin(), prints_.end(), [](const auto& each) {
    return each.second == printOf(each.first);
  });
  if (!same && !settled_.armed()) settled_.arm(settle_);
}

}  // namespace weir::event
