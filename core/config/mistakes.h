#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::config {

// Where something stands in a file. Line 0: the file as a whole.
struct Place {
  std::string file;
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1

  std::string text() const;  // "edge.toml:3:7"
  friend bool operator==(const Place&, const Place&) = default;
};

struct Mistake {
  Place place;
  std::string path;        // "listener[0].address"; empty: the document
  std::string what;        // "unknown key"
  std::string suggestion;  // a key or value that may have been meant; often empty

  std::string text() const;  // file:line:column: path: what (did you mean "x"?)
};

// Every mistake of a configuration, so that one look at it shows them all.
class Mistakes {
 public:
  void add(Mistake mistake) { mistakes_.push_back(std::move(mistake)); }

  bool empty() const { return mistakes_.empty(); }
  std::size_t size() const { return mistakes_.size(); }
  std::vector<Mistake> sorted() const;  // by file, line and column
  std::string text() const;             // one line each
  std::string json() const;             // an array of objects

 private:
  std::vector<Mistake> mistakes_;
};

}  // namespace weir::config
