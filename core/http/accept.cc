#include "core/http/accept.h"

#include <algorithm>

#include "core/http/syntax.h"

namespace weir::http {
namespace {

constexpr int kFullWeight = 1000;

// A weight in thousandths: 0 to 1 with up to three decimals (RFC 9110, 12.4.2). Malformed: 0.
int thousandthsOf(std::string_view text) {
  constexpr std::size_t kLongest = 5;
  if (text.empty() || text.size() > kLongest) return 0;
  if (text[0] != '0' && text[0] != '1') return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int value = text[0] == '1' ? kFullWeight : 0;
  int scale = kFullWeight / 10;
  for (std::size_t i = 2; i < text.size(); ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    value += (text[i] - '0') * scale;
  }
  return value <= kFullWeight ? value : 0;
}

}  // namespace

int acceptWeight(std::string_view parameters) {
  int weight = kFullWeight;
  while (!parameters.empty()) {
    parameters.remove_prefix(1);
    const std::size_t next = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = trimmed(parameters.substr(0, next));
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      weight = thousandthsOf(parameter.substr(2));
    }
    parameters.remove_prefix(next);
  }
  return weight;
}

}  // namespace weir::http
