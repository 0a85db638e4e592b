#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/value.h"

namespace weir::config {

// The text of a configuration as one table, with the place of everything in it.
class Document {
 public:
  // A file, or a directory of *.toml files: these are merged in the order of their names; tables
  // unite, arrays of tables are strung together, and any other key may stand in one file only.
  static Document load(const std::string& path, Diagnostics& diagnostics);
  static Document parse(std::string_view text, std::string name, Diagnostics& diagnostics);

  // False when something could not be read, parsed or merged: to read what is there would report
  // consequences of that as diagnostics.
  bool complete() const { return complete_; }
  const Value& root() const { return root_; }
  // Every file that had a part in it, those that Secret and File settings name included: for the
  // watcher. In the order of their use, each once.
  const std::vector<std::string>& files() const { return files_; }

  void noteFile(std::string path);
  Location location(const Position& position) const;

 private:
  Document() = default;
  Value parseFile(const std::string& path, Diagnostics& diagnostics);
  Value parseText(std::string_view text, std::string name, Diagnostics& diagnostics);
  void refuse(const std::string& path, std::string what, Diagnostics& diagnostics);

  Value root_{Value::Table()};
  std::vector<std::string> names_;
  std::vector<std::string> files_;
  bool complete_ = true;
};

}  // namespace weir::config
