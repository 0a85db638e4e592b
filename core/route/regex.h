#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/route/captures.h"

namespace re2 {
class RE2;
}

namespace weir::route {

// A regular expression in RE2's syntax: time linear in the text, whatever the pattern. Compiled on
// the control thread, then used by every worker at once.
//
// RE2 allocates the states of its automaton when texts first reach them; a text like those before
// allocates nothing.
class Regex {
 public:
  static constexpr std::size_t kMaxPatternBytes = 2048;

  // Nothing, with `why` filled, when the pattern cannot be accepted.
  static std::optional<Regex> compile(std::string_view pattern, std::string& why);
  // Matches what one of the patterns matches, and captures nothing. Nothing when that is too large.
  static std::optional<Regex> anyOf(const std::vector<std::string>& patterns);
  ~Regex();
  Regex(Regex&& other) noexcept;
  Regex& operator=(Regex&& other) noexcept;

  // The whole of `text` matches.
  bool matches(std::string_view text) const;
  bool matches(std::string_view text, Captures& captures) const;  // captures untouched on false

  const std::string& pattern() const;
  int groups() const;
  std::vector<std::string> groupNames() const;  // [0] is group 1; "" for one without a name
  // Every text that matches begins with this. May be empty.
  std::string fixedStart() const;

 private:
  friend class Substitution;
  explicit Regex(std::unique_ptr<const re2::RE2> compiled);

  std::unique_ptr<const re2::RE2> compiled_;
};

// Replaces every part of a text that a regex matches; `with` may use \0 (the whole match) to \9.
class Substitution {
 public:
  static std::optional<Substitution> compile(std::string_view pattern, std::string_view with,
                                             std::string& why);

  // The text itself when nothing matches. Nothing when the result is longer than `limit`.
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

}  // namespace weir::route
