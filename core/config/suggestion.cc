#include "core/config/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "core/base/lower_case.h"

namespace weir::config {
namespace {

constexpr std::size_t kLongestWord = 64;  // bytes; longer ones are not compared

constexpr std::size_t kShortestBeginning = 3;  // bytes; of a word that is cut off

// Lower case without separators: the same for pathPrefix, path-prefix and path_prefix.
std::string folded(std::string_view word) {
  std::string result;
  for (const char c : word) {
    if (c == '_' || c == '-') continue;
    result += lowerCase(c);
  }
  return result;
}

// The number of insertions, deletions, replacements and swaps of neighbors between two words.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> above(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[to.size()];
}

}  // namespace

std::string_view closestWord(std::string_view given, const std::vector<std::string_view>& known) {
  if (given.size() > kLongestWord) return {};
  const std::string wanted = folded(given);
  const std::size_t allowed = std::max<std::size_t>(1, wanted.size() / 3);
  std::string_view best;
  std::pair best_rank{true, std::min(allowed + 1, wanted.size())};
  for (const std::string_view word : known) {
    const std::string candidate = folded(word);
    const bool cut_off = wanted.size() >= kShortestBeginning && candidate.starts_with(wanted);
    const std::pair rank{!cut_off, distance(wanted, candidate)};
    if (rank < best_rank) {
      best = word;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace weir::config
