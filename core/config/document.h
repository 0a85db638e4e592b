#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/mistakes.h"
#include "core/config/value.h"

namespace weir::config {

// The text of a configuration as one table, with the place of everything in it.
class Document {
 public:
  // A file, or a directory of *.toml files: these are merged in the order of their names; tables
  // unite, arrays of tables are strung together, and any other key may stand in one file only.
  static Document load(const std::string& path, Mistakes& mistakes);
  static Document parse(std::string_view text, std::string name, Mistakes& mistakes);

  // False when something could not be read or parsed: then to look for further mistakes would
  // report consequences of the first.
  bool complete() const { return complete_; }
  const Value& root() const { return root_; }
  // Every file that had a part in it, those that Secret and File settings name included: for the
  // watcher. In the order of their use, each once.
  const std::vector<std::string>& files() const { return files_; }

  void noteFile(std::string path);
  Place place(const Position& position) const;
  std::string_view nameAt(const Position& position) const { return names_[position.file]; }

 private:
  Document() = default;
  void addText(std::string_view text, std::string name, Mistakes& mistakes);
  void addFile(const std::string& path, Mistakes& mistakes);

  Value root_;
  std::vector<std::string> names_;
  std::vector<std::string> files_;
  bool complete_ = true;
};

}  // namespace weir::config
