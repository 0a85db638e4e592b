#pragma once

#include <string>

namespace weir::config {

// A regular file as a whole, or in words why it could not be read.
struct FileText {
  std::string text;
  std::string error;  // "No such file or directory"; empty: `text` is there
};

FileText readFileText(const std::string& path);

// `path` as seen from the directory of the file `from`.
std::string pathBeside(const std::string& from, const std::string& path);

}  // namespace weir::config
