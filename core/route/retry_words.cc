#include "core/route/retry_words.h"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/config/suggestion.h"

namespace weir::route {
namespace {

constexpr std::array<std::pair<std::string_view, RetryOn>, 4> kFailures = {{
    {"connect-failure", RetryOn::kConnectFailure},
    {"reset", RetryOn::kReset},
    {"timeout", RetryOn::kTimeout},
    {"refused-stream", RetryOn::kRefusedStream},
}};

}  // namespace

bool addRetryWord(std::string_view word, RetryPolicy& policy, std::string& suggestion) {
  std::vector<std::string_view> known;
  for (const auto& [name, failure] : kFailures) {
    known.push_back(name);
    if (name == word) policy.failures.set(static_cast<std::size_t>(failure));
    if (name == word) return true;
  }
  if (policy.statuses.add(word)) return true;
  const auto statuses = http::StatusSet::words();
  known.insert(known.end(), statuses.begin(), statuses.end());
  suggestion = config::closestWord(word, known);
  return false;
}

}  // namespace weir::route
