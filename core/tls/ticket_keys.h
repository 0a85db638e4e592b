#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

struct evp_cipher_ctx_st;
struct hmac_ctx_st;

namespace weir::tls {

// Keys for session tickets, by which every worker, every plan and, given the same secrets, every
// process of a fleet can resume a session that another one began (RFC 5077).
//
// The keys of a period are derived from a secret and the number of the period: nothing has to be
// rotated or shared at run time. Immutable.
class TicketKeys {
 public:
  static constexpr std::size_t kSecretBytes = 32;
  static constexpr Nanoseconds kPeriod = std::chrono::hours(12);
  // A ticket is valid for this many periods after the one in which it was issued.
  static constexpr std::uint64_t kLife = 2;
  using Secret = std::array<std::uint8_t, kSecretBytes>;

  // The first secret seals tickets, all of them open tickets. `clock`: the wall clock.
  using Clock = Nanoseconds (*)();
  explicit TicketKeys(std::vector<Secret> secrets, Clock clock = wallClockNow);
  static Secret random();

  // The contract of SSL_CTX_set_tlsext_ticket_key_cb: 1 success, 2 success but renew the ticket, 0
  // unknown key, -1 failure.
  int seal(std::uint8_t* name, std::uint8_t* iv, evp_cipher_ctx_st* cipher, hmac_ctx_st* mac) const;
  int open(const std::uint8_t* name, const std::uint8_t* iv, evp_cipher_ctx_st* cipher,
           hmac_ctx_st* mac) const;

 private:
  struct Keys {
    std::array<std::uint8_t, 16> name;
    std::array<std::uint8_t, 16> cipher;
    std::array<std::uint8_t, 32> mac;
  };
  static Keys derive(const Secret& secret, std::uint64_t period);
  std::uint64_t period() const { return static_cast<std::uint64_t>(clock_() / kPeriod); }

  const std::vector<Secret> secrets_;
  const Clock clock_;
};

}  // namespace weir::tls
