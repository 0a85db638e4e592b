#pragma once

#include <string>

namespace weir::config {

// A secret value, written as a string, `{ file = "..." }` or `{ env = "..." }`. Printing shows its
// origin, or "***" for one in the configuration itself.
class Secret {
 public:
  enum class Source { kNone, kInline, kFile, kEnvironment };

  Secret() = default;
  Secret(Source source, std::string origin, std::string value)
      : source_(source), origin_(std::move(origin)), value_(std::move(value)) {}

  const std::string& reveal() const { return value_; }  // file contents lack the last line break
  bool empty() const { return value_.empty(); }
  Source source() const { return source_; }
  const std::string& origin() const { return origin_; }  // the file or the variable
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  Source source_ = Source::kNone;
  std::string origin_;
  std::string value_;
};

// The path of a file, relative to the directory of the file that names it. Watched:
// Document::files() lists it, whether it exists or not.
struct File {
  std::string path;
  friend bool operator==(const File&, const File&) = default;
};

// The path of a file, as File, which its user reads and watches while the process runs: its content
// is not a part of the configuration, so that a change does not reload the configuration.
struct WatchedFile {
  std::string path;
  friend bool operator==(const WatchedFile&, const WatchedFile&) = default;
};

}  // namespace weir::config
