#include "tools/weir/fresh_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weir {
namespace {

bool writeAll(int descriptor, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t some = ::write(descriptor, text.data() + done, text.size() - done);
    if (some < 0 && errno != EINTR) return false;
    if (some > 0) done += static_cast<std::size_t>(some);
  }
  return true;
}

}  // namespace

FreshFile::~FreshFile() {
  if (!fresh_.empty()) ::unlink(fresh_.c_str());
}

bool FreshFile::fail() const {
  std::fprintf(stderr, "weir: %s: %s\n", path_.c_str(), std::strerror(errno));
  return false;
}

bool FreshFile::write(const std::string& text, mode_t mode) {
  std::string name = path_ + ".XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);  // with an unpredictable name
  if (descriptor < 0) return fail();
  fresh_ = std::move(name);
  const bool written =
      writeAll(descriptor, text) && ::fchmod(descriptor, mode) == 0 && ::fsync(descriptor) == 0;
  const int why = errno;
  ::close(descriptor);
  errno = why;
  return written || fail();
}

bool FreshFile::create() {
  if (::link(fresh_.c_str(), path_.c_str()) == 0) return true;
  if (errno != EEXIST) return fail();
  std::fprintf(stderr, "weir: %s: already exists\n", path_.c_str());
  return false;
}

bool FreshFile::replace() {
  if (std::rename(fresh_.c_str(), path_.c_str()) != 0) return fail();
  fresh_.clear();
  return true;
}

}  // namespace weir
