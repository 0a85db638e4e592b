#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "core/config/diagnostics.h"
#include "core/config/value.h"

namespace weir::config {

class Extensions;
class Document;

// The user's text, quoted for a message and truncated if it is long.
std::string quotedText(std::string_view text);

class Entry;
// Suggests an array for a table in its place: "[[listener]]".
std::string arrayAround(const Entry& entry);

// Shared by all readers of one document.
struct Reading {
  Document& document;
  Diagnostics& diagnostics;
  const Extensions& extensions;
};

// One step on the path from the top of a document to a value. Steps live on the stack of the calls
// that read the document.
struct Path {
  static constexpr std::size_t kNoIndex = std::numeric_limits<std::size_t>::max();

  const Path* parent = nullptr;
  std::string_view key = {};
  std::size_t index = kNoIndex;  // in an array; then `key` is unused

  std::string text() const;  // "route[2].match.path"
};

// A value of the document with its path. Lives as long as the call that reads it.
class Entry {
 public:
  Entry(const Value& value, Path path, Reading& reading)
      : value_(value), path_(path), reading_(reading) {}

  const Value& value() const { return value_; }
  const Path& path() const { return path_; }
  Reading& reading() const { return reading_; }

  Entry element(std::size_t index) const;  // of an array
  Entry member(const Member& member) const {
    return {member.value, {&path_, member.key, Path::kNoIndex}, reading_};
  }

  // Records a diagnostic for this value. Returns false, for `return entry.fail(...)`.
  bool fail(std::string_view what, std::string_view suggestion = "") const;
  // For a mistake in the byte `offset` of this string.
  bool failInside(std::size_t offset, std::string_view what,
                  std::string_view suggestion = "") const;
  bool failKind(std::string_view expected, std::string_view suggestion = "") const;

 private:
  const Value& value_;
  const Path path_;
  Reading& reading_;
};

}  // namespace weir::config
