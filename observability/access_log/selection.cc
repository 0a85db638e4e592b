#include "observability/access_log/selection.h"

#include <cmath>

namespace weir::access_log {
namespace {

constexpr std::uint64_t kAll = 1'000'000;

}  // namespace

Selection::Selection(const Settings& settings, Random random)
    : when_(settings.when),
      sample_(static_cast<std::uint64_t>(std::llround(settings.sample.fraction() * kAll))),
      random_(random) {}

bool Selection::wants(const http::ExchangeRecord& record) {
  if (when_.given()) {
    const bool wanted = holds(when_, record, arena_);
    arena_.reset();
    if (!wanted) return false;
  }
  return sample_ >= kAll || random_.below(kAll) < sample_;
}

}  // namespace weir::access_log
