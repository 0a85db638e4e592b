#pragma once

#include <string>
#include <sys/types.h>

namespace weir {

// A file that is written beside the one it is to become, so that nobody sees half of it and no link
// that somebody planted is followed. Gone with this object, unless it took its place.
class FreshFile {
 public:
  explicit FreshFile(const std::string& path) : path_(path) {}
  ~FreshFile();
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;

  // Each says on stderr what went wrong.
  bool write(const std::string& text, mode_t mode);
  bool create();   // fails where something has that name already, be it a dangling link
  bool replace();  // of a link the link itself

 private:
  bool fail() const;

  const std::string path_;
  std::string fresh_;  // empty: there is none
};

}  // namespace weir
