#include "gateway/auth/fetch_schedule.h"

#include <algorithm>
#include <cstdint>

namespace weir::gateway {
namespace {

constexpr std::pair<std::string_view, Startup> kStartupWords[] = {{"wait", Startup::kWait},
                                                                  {"lazy", Startup::kLazy}};

}  // namespace

void readStartup(config::Table& table, std::string_view meaning, Startup& startup) {
  table.read("startup", startup, kStartupWords, meaning);
}

FetchSchedule::FetchSchedule(event::Loop& loop, Fetcher& owner, const Pauses& pauses)
    : owner_(owner),
      pauses_(pauses),
      refetching_(loop, *this),
      retry_(pauses.first_retry),
      due_(loop.wheel(), *this) {}

void FetchSchedule::begin() {
  due_.disarm();
  refetching_.begin();
  owner_.fetch();
}

void FetchSchedule::refetch() {
  if (call_ == nullptr) begin();
}

// After 70 to 80 % of the life, so that instances do not fetch at the same time.
bool FetchSchedule::succeed(Milliseconds life) {
  retry_ = pauses_.first_retry;
  const double pause = static_cast<double>(life.count()) * (0.8 - 0.1 * random_.unit());
  end(std::max(pauses_.least, Milliseconds(static_cast<std::int64_t>(pause))));
  return std::exchange(failing_, false);
}

void FetchSchedule::fail() {
  failing_ = true;
  end(std::exchange(retry_, std::min(2 * retry_, pauses_.last_retry)));
}

void FetchSchedule::end(Milliseconds next) {
  call_.reset();
  due_.arm(next);
  refetching_.end();
}

}  // namespace weir::gateway
