#include "mesh/identity/pair_files.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/file_text.h"

namespace weir::mesh {
namespace {

bool writeWhole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t some = ::write(descriptor, text.data(), text.size());
    if (some < 0 && errno != EINTR) return false;
    if (some > 0) text.remove_prefix(static_cast<std::size_t>(some));
  }
  return true;
}

bool syncDirectory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced;
}

bool writeBeside(const std::string& path, std::string& name, std::string_view text) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return false;
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool written = writeWhole(descriptor, text) &&
                       ::fchmod(descriptor, now.st_mode & 0777U) == 0 && ::fsync(descriptor) == 0;
  const int why = errno;
  ::close(descriptor);
  if (!written) ::unlink(name.c_str());
  errno = why;
  return written;
}

// Replaces a file as a whole; empty on success.
std::string replaceFile(const std::string& path, std::string_view text) {
  std::string name = path + ".XXXXXX";
  const bool written = writeBeside(path, name, text);
  if (written && std::rename(name.c_str(), path.c_str()) == 0 && syncDirectory(path)) return {};
  const std::string why = std::strerror(errno);
  if (written) ::unlink(name.c_str());
  return "cannot replace " + path + ": " + why;
}

}  // namespace

std::string replacePair(const PairFiles& files, std::string_view cert, std::string_view key) {
  const config::FileText old = config::readFileText(files.key);
  if (!old.error.empty()) return "cannot read " + files.key + ": " + old.error;
  const std::string both = std::string(key) + old.text;
  std::string why = replaceFile(files.key, both);
  if (why.empty()) why = replaceFile(files.cert, cert);
  return why.empty() ? replaceFile(files.key, key) : why;
}

}  // namespace weir::mesh
