#pragma once

#include <string>
#include <sys/types.h>

namespace weir {

// A file that is written beside its target, so that no reader sees half of it and no planted link
// is followed. The destructor removes it unless it has replaced the target.
class FreshFile {
 public:
  explicit FreshFile(const std::string& path) : path_(path) {}
  ~FreshFile();
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;

  // Each reports errors on stderr.
  bool write(const std::string& text, mode_t mode);
  bool create();   // fails if the name exists, even as a dangling link
  bool replace();  // replaces a link itself, not its target

 private:
  bool fail() const;

  const std::string path_;
  std::string fresh_;  // empty: there is none
};

}  // namespace weir
