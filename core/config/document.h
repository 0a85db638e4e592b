#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/environment.h"
#include "core/config/value.h"

namespace weir::config {

struct Path;

// The text of a configuration as one table, with the position of every value. References to
// environment variables in values have been replaced.
class Document {
 public:
  // Loads a file, or a directory of *.toml files. These are merged in the order of their names:
  // tables are merged, arrays of tables are concatenated, and any other key may appear in one file
  // only.
  static Document load(const std::string& path, Diagnostics& diagnostics);
  static Document parse(std::string_view text, std::string name, Diagnostics& diagnostics);

  // False if something could not be read, parsed or merged: reading the rest would only report the
  // consequences.
  bool complete() const { return complete_; }
  const Value& root() const { return root_; }
  // Every file that was read, including those to which Secret and File settings refer, for the
  // watcher. In the order of their use, each once.
  const std::vector<std::string>& files() const { return files_; }

  // Null unless the text at the position contained references to environment variables.
  const EnvironmentText* fromEnvironment(const Position& position) const;
  WrittenTexts writtenTexts() const;

  void noteFile(std::string path);
  Location location(const Position& position) const;
  // Of a byte of the string that begins at the position.
  Location locationInString(const Position& position, std::size_t offset) const;

 private:
  Document() = default;
  Value parseFile(const std::string& path, Diagnostics& diagnostics);
  Value parseText(std::string_view text, std::string name, Diagnostics& diagnostics);
  void refuse(const std::string& path, std::string what, Diagnostics& diagnostics);
  void expandValues(Value& value, const Path& path, Diagnostics& diagnostics);
  void expandMember(Member& member, const Path& path, Diagnostics& diagnostics);
  void expandText(Value& value, const Path& path, Diagnostics& diagnostics);

  Value root_{Value::Table()};
  std::vector<std::string> names_;
  std::vector<std::string> texts_;
  std::vector<std::string> files_;
  struct Expanded {
    std::string written;
    EnvironmentText made;
  };
  std::map<Position, Expanded> expanded_;
  bool complete_ = true;
};

}  // namespace weir::config
