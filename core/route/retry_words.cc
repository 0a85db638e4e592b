#include "core/route/retry_words.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/number.h"
#include "core/config/suggestion.h"

namespace weir::route {
namespace {

constexpr std::array<std::pair<std::string_view, RetryOn>, 4> kFailures = {{
    {"connect-failure", RetryOn::kConnectFailure},
    {"reset", RetryOn::kReset},
    {"timeout", RetryOn::kTimeout},
    {"refused-stream", RetryOn::kRefusedStream},
}};

struct StatusRange {
  std::string_view word;
  std::size_t first;
  std::size_t last;
};

constexpr std::array<StatusRange, 2> kRanges = {{{"gateway-error", 502, 504}, {"5xx", 500, 599}}};

std::optional<StatusRange> statusesOf(std::string_view word) {
  for (const StatusRange& range : kRanges) {
    if (range.word == word) return range;
  }
  const auto status = parseNumber<std::size_t>(word);
  if (!status || *status < 400 || *status >= RetryPolicy::kStatuses) return std::nullopt;
  return StatusRange{word, *status, *status};
}

}  // namespace

bool addRetryWord(std::string_view word, RetryPolicy& policy, std::string& suggestion) {
  std::vector<std::string_view> known;
  for (const auto& [name, failure] : kFailures) {
    known.push_back(name);
    if (name == word) policy.failures.set(static_cast<std::size_t>(failure));
    if (name == word) return true;
  }
  if (const auto range = statusesOf(word)) {
    for (std::size_t i = range->first; i <= range->last; ++i) policy.statuses.set(i);
    return true;
  }
  for (const StatusRange& range : kRanges) known.push_back(range.word);
  suggestion = config::closestWord(word, known);
  return false;
}

}  // namespace weir::route
