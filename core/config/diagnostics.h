#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::config {

// A position in a file. Line 0: the file as a whole.
struct Location {
  std::string file;
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1

  std::string text() const;  // "edge.toml:3:7"
  friend bool operator==(const Location&, const Location&) = default;
};

// The position of a struct of settings; Table::locate() fills it. All origins are equal: moving
// settings within a file does not change them.
struct Origin {
  Location location = {};
  std::string path = {};  // "listener[0]"; empty: not in a file
  bool clean = true;      // no diagnostic was recorded when it was read

  friend constexpr bool operator==(const Origin&, const Origin&) { return true; }
};

struct Diagnostic {
  Location location;
  std::string path;        // "listener[0].address"; empty: the document
  std::string what;        // "unknown key"
  std::string suggestion;  // a key or value that was probably meant; often empty

  // file:line:column: path: what (did you mean "x"?). Control characters are escaped.
  std::string text() const;
};

// Every mistake in a configuration, so that one check shows them all; and warnings about settings
// that are allowed but probably not intended, which do not count as diagnostics.
class Diagnostics {
 public:
  void add(Diagnostic mistake);
  void warn(Diagnostic warning) { warnings_.push_back(std::move(warning)); }

  // Ignores further diagnostics of this location: they would be consequences of an earlier one.
  void mute(Location location) { muted_.push_back(std::move(location)); }

  // Ignores warnings.
  bool empty() const { return diagnostics_.empty(); }
  std::size_t size() const { return diagnostics_.size(); }
  std::vector<Diagnostic> sorted() const;  // by file, line and column
  std::vector<Diagnostic> warnings() const;
  // Diagnostics, then warnings.
  std::string text() const;  // one line each
  std::string json() const;  // an array of objects

 private:
  std::vector<Diagnostic> diagnostics_;
  std::vector<Diagnostic> warnings_;
  std::vector<Location> muted_;
};

}  // namespace weir::config
