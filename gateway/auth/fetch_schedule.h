#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/random.h"
#include "core/config/table.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "gateway/auth/refresh_gate.h"

namespace weir::gateway {

// What a new configuration does until something was fetched for the first time.
enum class Startup : std::uint8_t {
  kWait,  // goes live then, or after the server's limit
  kLazy,  // goes live at once
};

void readStartup(config::Table& table, std::string_view meaning, Startup& startup);

// What is fetched again and again, such as keys or tokens.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // The fetch ends with FetchSchedule::succeed() or fail().
  virtual void fetch() = 0;
};

// When something is fetched again: before its life is over, after failures with growing pauses, and
// earlier if workers ask. There is one fetch at a time.
//
// Thread: the control thread.
class FetchSchedule final : private Refreshable {
 public:
  struct Pauses {
    Milliseconds first_retry{1'000};
    Milliseconds last_retry{60'000};
    Milliseconds least{0};  // after a success
  };

  FetchSchedule(event::Loop& loop, Fetcher& owner, const Pauses& pauses);
  FetchSchedule(const FetchSchedule&) = delete;
  FetchSchedule& operator=(const FetchSchedule&) = delete;

  const std::shared_ptr<const RefreshGate>& gate() const { return refetching_.gate(); }
  void begin();  // a fetch
  // The call of the fetch, or its next one.
  void hold(std::unique_ptr<http::Call> call) { call_ = std::move(call); }
  // The fetch has ended; the owner publishes a snapshot next. `life`: of what was fetched. True if
  // the fetch before it failed.
  bool succeed(Milliseconds life);
  void fail();

 private:
  void refetch() override;
  void end(Milliseconds next);

  Fetcher& owner_;
  const Pauses pauses_;
  Random random_;
  Refetching refetching_;
  std::unique_ptr<http::Call> call_;
  Milliseconds retry_;
  bool failing_ = false;
  event::Alarm<FetchSchedule, &FetchSchedule::begin> due_;
};

}  // namespace weir::gateway
