#include "core/proxy/lifetime.h"

#include <algorithm>
#include <utility>

#include "core/proxy/engine.h"

namespace weir::proxy {
namespace {

// Time for current requests after the certificate has expired, and for a client to notice that the
// connection drains.
constexpr Milliseconds kGrace{10'000};
// The wall clock may be set without notice to the wheel.
constexpr Milliseconds kLongestWait{60'000};

Milliseconds leftUntil(Nanoseconds wall) {
  const auto left = std::chrono::ceil<Milliseconds>(wall - wallClockNow());
  return std::max(left, Milliseconds(0));
}

// Up to a tenth less, so that connections opened at the same time do not end at the same time.
Milliseconds jittered(Milliseconds age, Random& random) {
  return age - Milliseconds(random.below(static_cast<std::uint64_t>(age.count()) / 10 + 1));
}

}  // namespace

Lifetime::Lifetime(DownstreamConnection& connection, event::Wheel& wheel)
    : Deadline(wheel), connection_(connection), wheel_(wheel) {}

std::unique_ptr<Lifetime> Lifetime::begin(DownstreamConnection& connection, Engine& engine,
                                          const ListenerPlan& plan,
                                          const net::PeerCertificate* peer) {
  const Milliseconds age = plan.max_connection_age.value();
  if (peer == nullptr && age.count() == 0) return nullptr;
  event::Wheel& wheel = engine.loop().wheel();
  std::unique_ptr<Lifetime> made(new Lifetime(connection, wheel));
  if (age.count() > 0) made->age_at_ = wheel.now() + jittered(age, engine.random());
  if (peer != nullptr) made->certificate_ = peer->not_after;
  made->await();
  return made;
}

std::unique_ptr<Lifetime> Lifetime::end(DownstreamConnection& connection, Engine& engine,
                                        Reason reason) {
  std::unique_ptr<Lifetime> made(new Lifetime(connection, engine.loop().wheel()));
  made->ends_for_ = reason;
  made->arm(kEndGrace);
  return made;
}

void Lifetime::await() {
  Milliseconds wait = kLongestWait;
  if (age_at_.count() > 0) wait = std::min(wait, age_at_ - wheel_.now());
  if (certificate_.count() > 0) wait = std::min(wait, leftUntil(certificate_));
  if (age_at_.count() > 0 || certificate_.count() > 0) arm(std::max(wait, Milliseconds(0)));
}

void Lifetime::onDeadline() {
  if (ends_for_ != Reason::kNone) return connection_.cutOff(ends_for_);
  if (retired_) return connection_.closeNow();
  if (certificate_.count() > 0 && leftUntil(certificate_).count() == 0) {
    retired_ = true;
    arm(kGrace);
    return connection_.retire();
  }
  if (age_at_.count() == 0 || wheel_.now() < age_at_) return await();
  // A client that ignores the drain must not send further requests.
  const bool again = std::exchange(drained_, true);
  age_at_ = again ? Milliseconds(0) : wheel_.now() + kGrace;
  await();
  again ? connection_.retire() : connection_.drain();
}

}  // namespace weir::proxy
