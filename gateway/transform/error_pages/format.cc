#include "gateway/transform/error_pages/format.h"

#include <algorithm>
#include <array>

#include "core/http/accept.h"
#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

struct FormatTypes {
  std::string_view type;
  std::string_view other;  // that stands for it, too
  std::string_view group;
  std::string_view sent;
};
constexpr std::array<FormatTypes, kPageFormats> kFormatTypes = {{
    {"application/problem+json", "application/json", "application/*", "application/problem+json"},
    {"text/html", "application/xhtml+xml", "text/*", "text/html; charset=utf-8"},
    {"text/plain", "text/plain", "text/*", "text/plain; charset=utf-8"},
}};

// How well a range of Accept fits a format; 0: not at all.
int fitOf(std::string_view range, const FormatTypes& types) {
  constexpr int kExact = 3;
  const auto is = [&](std::string_view type) { return http::equalsIgnoringCase(range, type); };
  if (is(types.type) || is(types.other)) return kExact;
  if (is(types.group)) return kExact - 1;
  return range == "*/*" ? 1 : 0;
}

// The weight of the range that fits best, and as a fraction how well it fits; 0: not acceptable.
int rankOf(std::string_view accept, const FormatTypes& types) {
  constexpr int kFits = 4;
  int best_fit = 0;
  int weight = 0;
  http::forEachToken(accept, [&](std::string_view element) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const int fit = fitOf(http::trimmed(element.substr(0, end)), types);
    if (fit <= best_fit) return;
    best_fit = fit;
    weight = http::acceptWeight(element.substr(end));
  });
  return weight == 0 ? 0 : weight * kFits + best_fit;
}

}  // namespace

PageFormat preferredFormat(std::string_view accept, const bool (&available)[kPageFormats]) {
  std::size_t best = kPageFormats;
  int best_rank = -1;
  for (std::size_t i = 0; i < kPageFormats; ++i) {
    const int rank = available[i] ? rankOf(accept, kFormatTypes[i]) : -1;
    if (rank <= best_rank) continue;
    best = i;
    best_rank = rank;
  }
  return static_cast<PageFormat>(best < kPageFormats ? best : 0);
}

std::string_view contentTypeOf(PageFormat format) {
  return kFormatTypes[static_cast<std::size_t>(format)].sent;
}

}  // namespace weir::gateway
