#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/regex/captures.h"

namespace re2 {
class RE2;
}

namespace weir {

// A regular expression in RE2's syntax, matched in time linear in the text, whatever the pattern.
// Compiled on the control thread, then used by all workers concurrently.
//
// RE2 allocates the states of its automaton when texts first reach them; a text similar to earlier
// ones allocates nothing.
class Regex {
 public:
  static constexpr std::size_t kMaxPatternBytes = 2048;

  // Nothing, with `why` set, if the pattern is not acceptable.
  static std::optional<Regex> compile(std::string_view pattern, std::string& why);
  // Matches if any of the patterns matches; captures nothing. Nothing if the result is too large.
  static std::optional<Regex> anyOf(const std::vector<std::string>& patterns);
  ~Regex();
  Regex(Regex&& other) noexcept;
  Regex& operator=(Regex&& other) noexcept;

  // True if the whole `text` matches.
  bool matches(std::string_view text) const;
  bool matches(std::string_view text, Captures& captures) const;  // captures unchanged on false
  bool finds(std::string_view text) const;  // true if any part of the text matches

  const std::string& pattern() const;
  int groups() const;
  std::vector<std::string> groupNames() const;  // [0] is group 1; "" if it has no name
  // The common start of all matching texts. May be empty.
  std::string fixedStart() const;

 private:
  friend class Substitution;
  explicit Regex(std::unique_ptr<const re2::RE2> compiled);

  std::unique_ptr<const re2::RE2> compiled_;
};

// Replaces every match of a regex; `with` may use \0 (the whole match) to \9.
class Substitution {
 public:
  static std::optional<Substitution> compile(std::string_view pattern, std::string_view with,
                                             std::string& why);

  // The text itself if nothing matches. Nothing if the result is longer than `limit`.
  std::optional<std::string_view> apply(std::string_view text, std::size_t limit,
                                        Arena& arena) const;

 private:
  struct Piece {
    std::string literal;
    int group = -1;  // after the literal; -1 for none
  };
  Substitution(Regex regex, std::vector<Piece> pieces);

  Regex regex_;
  std::vector<Piece> pieces_;
};

}  // namespace weir
