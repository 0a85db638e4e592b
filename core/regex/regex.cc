#include "core/regex/regex.h"

#include <algorithm>
#include <array>
#include <utility>

#include <re2/re2.h>

#include "core/base/arena_string.h"

namespace weir {
namespace {

// The memory limit for the program and the automaton of one pattern. If a text needs more states,
// RE2 becomes slower but does not fail.
constexpr std::int64_t kMaxMemory = std::int64_t{2} * 1024 * 1024;
constexpr std::size_t kMaxFixedStart = 255;

re2::RE2::Options options() {
  re2::RE2::Options options(re2::RE2::Latin1);  // bytes; paths and most headers are ASCII
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_dot_nl(true);
  return options;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

std::string_view view(const re2::StringPiece& piece) {
  return piece.data() == nullptr ? std::string_view()
                                 : std::string_view(piece.data(), piece.size());
}

}  // namespace

Regex::Regex(std::unique_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Regex::~Regex() = default;
Regex::Regex(Regex&& other) noexcept = default;
Regex& Regex::operator=(Regex&& other) noexcept = default;

std::optional<Regex> Regex::compile(std::string_view pattern, std::string& why) {
  if (pattern.size() > kMaxPatternBytes) {
    why = "a regex may have at most " + std::to_string(kMaxPatternBytes) + " bytes";
    return std::nullopt;
  }
  auto compiled = std::make_unique<const re2::RE2>(piece(pattern), options());
  if (!compiled->ok()) {
    why = "not a regex: " + compiled->error();
    return std::nullopt;
  }
  if (compiled->NumberOfCapturingGroups() > static_cast<int>(Captures::kMax)) {
    why = "a regex may have at most 9 groups that capture; write (?:...) for the others";
    return std::nullopt;
  }
  return Regex(std::move(compiled));
}

std::optional<Regex> Regex::anyOf(const std::vector<std::string>& patterns) {
  std::string joined;
  for (const std::string& pattern : patterns) {
    joined += (joined.empty() ? "(?:" : "|(?:") + pattern + ")";
  }
  auto compiled = std::make_unique<const re2::RE2>(joined, options());
  if (!compiled->ok()) return std::nullopt;
  return Regex(std::move(compiled));
}

bool Regex::matches(std::string_view text) const {
  return compiled_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

bool Regex::matches(std::string_view text, Captures& captures) const {
  std::array<re2::StringPiece, Captures::kMax + 1> found;
  const int count = groups() + 1;
  if (!compiled_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, found.data(), count)) {
    return false;
  }
  captures.clear();
  for (int i = 1; i < count; ++i) captures.push(view(found[static_cast<std::size_t>(i)]));
  return true;
}

bool Regex::finds(std::string_view text) const {
  return compiled_->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

const std::string& Regex::pattern() const { return compiled_->pattern(); }

int Regex::groups() const { return compiled_->NumberOfCapturingGroups(); }

std::vector<std::string> Regex::groupNames() const {
  std::vector<std::string> names(static_cast<std::size_t>(groups()));
  for (const auto& [number, name] : compiled_->CapturingGroupNames()) {
    names[static_cast<std::size_t>(number) - 1] = name;
  }
  return names;
}

std::string Regex::fixedStart() const {
  // RE2 knows the range of an anchored pattern; the common start of both ends is fixed.
  const re2::RE2 anchored("^(?:" + pattern() + ")$", options());
  std::string least;
  std::string most;
  if (!anchored.ok() || !anchored.PossibleMatchRange(&least, &most, kMaxFixedStart)) return "";
  auto [differ, most_at] = std::mismatch(least.begin(), least.end(), most.begin(), most.end());
  // Texts that begin with "/a/" lie between "/a/" and "/a0", which itself does not match.
  const bool next = differ != least.end() && most_at + 1 == most.end() && *most_at == *differ + 1;
  if (next && !matches(most)) ++differ;
  return {least.begin(), differ};
}

Substitution::Substitution(Regex regex, std::vector<Piece> pieces)
    : regex_(std::move(regex)), pieces_(std::move(pieces)) {}

std::optional<Substitution> Substitution::compile(std::string_view pattern, std::string_view with,
                                                  std::string& why) {
  std::optional<Regex> regex = Regex::compile(pattern, why);
  if (!regex) return std::nullopt;
  std::vector<Piece> pieces(1);
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i] != '\\') {
      pieces.back().literal += with[i];
      continue;
    }
    const char next = ++i < with.size() ? with[i] : '\0';
    if (next == '\\') {
      pieces.back().literal += next;
    } else if (next >= '0' && next <= '0' + regex->groups()) {
      pieces.back().group = next - '0';
      pieces.emplace_back();
    } else {
      why = "after \\ must come a group of the regex, \\0 to \\" + std::to_string(regex->groups()) +
            ", or another \\";
      return std::nullopt;
    }
  }
  return Substitution(*std::move(regex), std::move(pieces));
}

std::optional<std::string_view> Substitution::apply(std::string_view text, std::size_t limit,
                                                    Arena& arena) const {
  std::array<re2::StringPiece, Captures::kMax + 1> found;
  const auto find_from = [&](std::size_t from) {
    return from <= text.size() &&
           regex_.compiled_->Match(piece(text), from, text.size(), re2::RE2::UNANCHORED,
                                   found.data(), regex_.groups() + 1);
  };
  if (!find_from(0)) return text;
  ArenaString result(arena, text.size() + 64);
  std::size_t copied = 0;  // bytes of the text already in the result, replaced or not
  std::size_t next = 0;
  do {
    const auto start = static_cast<std::size_t>(found[0].data() - text.data());
    const std::size_t end = start + found[0].size();
    result.append(text.substr(copied, start - copied));
    for (const Piece& part : pieces_) {
      result.append(part.literal);
      if (part.group >= 0) result.append(view(found[static_cast<std::size_t>(part.group)]));
    }
    copied = end;
    next = end == start ? end + 1 : end;  // an empty match advances by one byte, which stays
  } while (result.size() <= limit && find_from(next));
  result.append(text.substr(copied));
  const std::string_view whole = result.finish();
  return whole.size() <= limit ? std::optional(whole) : std::nullopt;
}

}  // namespace weir
