#include "gateway/auth/basic/guard.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "core/tls/digest.h"

namespace weir::gateway::basic {
namespace {

constexpr std::size_t kSecretSize = 32;
constexpr Nanoseconds kMinute = std::chrono::minutes(1);

}  // namespace

Guard::Guard(std::shared_ptr<const event::WorkQueue> queue, std::uint32_t failures_per_minute)
    : queue_(std::move(queue)),
      secret_(tls::secretBytes(kSecretSize)),
      rate_{kMinute / failures_per_minute, failures_per_minute},
      failures_(std::make_unique<RateTable>(kMostAddresses, monotonicNow())) {}

// A name has no colon: different pairs have different texts.
PairDigest Guard::digestOf(std::string_view name, std::string_view password) const {
  constexpr std::size_t kLongest = 1024;
  std::array<char, kSecretSize + kLongest> text{};
  PairDigest digest{};
  if (name.size() + 1 + password.size() > kLongest) return digest;
  char* at = std::copy(secret_.begin(), secret_.end(), text.data());
  at = std::copy(name.begin(), name.end(), at);
  *at++ = ':';
  at = std::copy(password.begin(), password.end(), at);
  tls::sha256({text.data(), static_cast<std::size_t>(at - text.data())},
              std::span<char, 32>(digest));
  return digest;
}

std::uint64_t Guard::keyOf(const IpAddress& client) const {
  constexpr std::size_t kNetwork = 8;  // of IPv6
  const std::size_t size = client.isV4() ? client.bytes().size() : kNetwork;
  return hash_({reinterpret_cast<const char*>(client.bytes().data()), size});
}

Decision Guard::look(const IpAddress& client) const {
  return failures_->look(keyOf(client), rate_, 1, monotonicNow());
}

void Guard::noteFailure(const IpAddress& client) const {
  RateTable::Taken taken;
  static_cast<void>(failures_->take(keyOf(client), rate_, 1, monotonicNow(), taken));
}

}  // namespace weir::gateway::basic
