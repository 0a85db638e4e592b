#pragma once

#include <string>

namespace weir::config {

// The contents of a regular file, or a message why it could not be read.
struct FileText {
  std::string text;
  std::string error;  // "No such file or directory"; empty on success
};

FileText readFileText(const std::string& path);

// `path` relative to the directory of the file `from`.
std::string pathBeside(const std::string& from, const std::string& path);

}  // namespace weir::config
