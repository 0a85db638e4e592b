#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/filter/steps.h"
#include "core/http/record.h"
#include "core/upstream/candidates.h"
#include "core/upstream/outcome.h"

namespace weir::upstream {
struct Member;
}

namespace weir::proxy {

// One attempt at an endpoint. Times are since the start of the exchange.
struct AttemptStep {
  explicit AttemptStep(const upstream::Candidates& chosen_from) : candidates(chosen_from) {}

  AttemptStep* before = nullptr;  // the attempt before this one
  std::string_view endpoint;
  upstream::Candidates candidates;
  bool connected = false;
  bool reused = false;  // the connection
  Nanoseconds connected_at{0};
  Nanoseconds ended{0};
  upstream::Outcome outcome;
};

// The steps of an exchange that a tap watches. In the arena of the exchange.
struct ExchangeSteps {
  explicit ExchangeSteps(Arena& its) : arena(its), candidates(its) {}

  void noteConnection(bool is_reused, Nanoseconds at);
  void noteAttempt(const upstream::Member& member, const upstream::Outcome& outcome,
                   Nanoseconds ended);

  Arena& arena;
  std::uint32_t watchers = 0;  // of the tap
  filter::Steps filters;
  upstream::Candidates candidates;  // of the attempt in progress
  bool connected = false;
  bool reused = false;
  Nanoseconds connected_at{0};
  AttemptStep* attempts = nullptr;  // the latest one
};

// Watches exchanges of one worker. Never blocks, never fails.
//
// Thread: the worker.
class Tap {
 public:
  virtual ~Tap() = default;
  // The head of a request is complete. Null: this one is not watched.
  virtual ExchangeSteps* begin(Arena& arena) = 0;
  virtual void end(const ExchangeSteps& steps, const http::ExchangeRecord& record) = 0;
};

}  // namespace weir::proxy
