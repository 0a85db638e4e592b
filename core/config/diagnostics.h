#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::config {

// Where something stands in a file. Line 0: the file as a whole.
struct Location {
  std::string file;
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1

  std::string text() const;  // "edge.toml:3:7"
  friend bool operator==(const Location&, const Location&) = default;
};

// Where a struct of settings was written; Table::locate() fills it. Any two are equal: settings
// that were moved within a file are the same settings.
struct Origin {
  Location location = {};
  std::string path = {};  // "listener[0]"; empty: it was not written
  bool clean = true;      // no mistake was found when it was read

  friend constexpr bool operator==(const Origin&, const Origin&) { return true; }
};

struct Diagnostic {
  Location location;
  std::string path;        // "listener[0].address"; empty: the document
  std::string what;        // "unknown key"
  std::string suggestion;  // a key or value that may have been meant; often empty

  // file:line:column: path: what (did you mean "x"?). Control characters are escaped.
  std::string text() const;
};

// Every mistake of a configuration, so that one look at it shows them all; and warnings about what
// is allowed, but hardly meant, which do not count as diagnostics.
class Diagnostics {
 public:
  void add(Diagnostic mistake) { diagnostics_.push_back(std::move(mistake)); }
  void warn(Diagnostic warning) { warnings_.push_back(std::move(warning)); }

  // Of the diagnostics alone.
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
};

}  // namespace weir::config
