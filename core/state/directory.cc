#include "core/state/directory.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/event/system_error.h"
#include "core/state/entry.h"
#include "core/state/metrics.h"

namespace weir::state {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kWritableByOthers = 0022;
constexpr std::size_t kMostHeader = 4096;

constexpr Error kMissing = {ErrorCode::kNotFound, Origin::kLocal, "there is no such entry"};
constexpr Error kLarge = {ErrorCode::kTooLarge, Origin::kLocal, "the entry is too large"};
constexpr Error kForeign = {ErrorCode::kInvalid, Origin::kLocal, "belongs to another user"};
constexpr Error kOpenToOthers = {ErrorCode::kInvalid, Origin::kLocal,
                                 "can be written by other users (chmod 0700)"};
constexpr Error kNotRegular = {ErrorCode::kInvalid, Origin::kLocal, "is not a regular file"};

Error lastError() { return event::errorOf(-errno); }

// A descriptor that is closed at the end of its scope.
class Opened {
 public:
  explicit Opened(int descriptor) : descriptor_(descriptor) {}
  ~Opened() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

Result<void> checkOwner(int directory) {
  struct stat found {};
  if (::fstat(directory, &found) != 0) return lastError();
  if (found.st_uid != ::geteuid()) return kForeign;
  if ((found.st_mode & kWritableByOthers) != 0) return kOpenToOthers;
  return {};
}

Result<void> writeAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return lastError();
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file) != 0) return lastError();
  return {};
}

Result<std::string> readAll(int file, std::size_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t count = ::read(file, text.data() + have, text.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return lastError();
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  text.resize(have);
  return text;
}

}  // namespace

Directory::Directory(MetricCells& cells) : cells_(cells) {}

Directory::~Directory() { close(); }

void Directory::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

bool Directory::open(const std::string& path) {
  close();
  path_ = path;
  if (path.empty()) return true;
  Result<void> opened;
  if (::mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) opened = lastError();
  if (opened.ok()) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    opened = descriptor_ < 0 ? Result<void>(lastError()) : checkOwner(descriptor_);
  }
  if (opened.ok()) return true;
  close();
  log::warning("state directory " + path + ": " + std::string(opened.error().detail) +
               "; nothing is kept for the next start");
  return false;
}

Result<void> Directory::save(std::string_view name, std::string_view bytes) {
  if (!isOpen()) return {};
  Result<void> written = kLarge;
  if (bytes.size() <= kMostBytes) written = write(fileNameOf(name), packEntry(name, bytes));
  if (written.ok()) return written;
  cells_.counter(stateWriteErrorsKey()).add();
  if (const auto held_back = failures_.admit(monotonicNow())) {
    log::warning("state directory " + path_ + ": cannot write " + fileNameOf(name) + ": " +
                 std::string(written.error().detail) + event::LogLimit::text(*held_back));
  }
  return written;
}

// The rename is atomic, and both are on the disk before save() returns: after a loss of power there
// is the old file or the new one.
Result<void> Directory::write(const std::string& file, std::string_view text) const {
  const std::string temporary = file + ".new";
  ::unlinkat(descriptor_, temporary.c_str(), 0);
  Result<void> written;
  {
    const Opened made(::openat(descriptor_, temporary.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    written = made.get() < 0 ? Result<void>(lastError()) : writeAll(made.get(), text);
  }
  if (written.ok() && ::renameat(descriptor_, temporary.c_str(), descriptor_, file.c_str()) != 0) {
    written = lastError();
  }
  if (!written.ok()) {
    ::unlinkat(descriptor_, temporary.c_str(), 0);
  } else if (::fsync(descriptor_) != 0) {
    return lastError();
  }
  return written;
}

Result<std::string> Directory::load(std::string_view name) {
  if (!isOpen()) return kMissing;
  const std::string file = fileNameOf(name);
  Result<std::string> bytes = read(file);
  if (bytes.ok()) bytes = unpackEntry(name, bytes.value());
  if (!bytes.ok() && bytes.error().code != ErrorCode::kNotFound) {
    log::warning("ignoring " + path_ + "/" + file + ": " + std::string(bytes.error().detail));
  }
  return bytes;
}

Result<std::string> Directory::read(const std::string& file) const {
  const Opened opened(
      ::openat(descriptor_, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (opened.get() < 0) return errno == ENOENT ? kMissing : lastError();
  struct stat found {};
  if (::fstat(opened.get(), &found) != 0) return lastError();
  if (!S_ISREG(found.st_mode)) return kNotRegular;
  if (found.st_uid != ::geteuid()) return kForeign;
  const auto size = static_cast<std::size_t>(found.st_size);
  if (size > kMostBytes + kMostHeader) return kLarge;
  return readAll(opened.get(), size);
}

}  // namespace weir::state
