#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/arena.h"

struct evp_aead_ctx_st;

namespace weir::tls {

// Encrypts and authenticates small texts that clients keep and return (AES-256-GCM-SIV, RFC 8452).
// The result is base64url, different each time, and reveals only the length of the text.
//
// The first secret seals, all of them open: a secret is replaced by putting the new one first, and
// removing the old one later. Immutable, for use by any thread.
class Sealer {
 public:
  static constexpr std::size_t kLeastSecret = 32;  // bytes
  static constexpr std::size_t kMostText = 1'024;  // bytes that are sealed

  // Without secrets: one that this process made at random.
  explicit Sealer(const std::vector<std::string_view>& secrets);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // `context` must be the same for both. The results are in the arena. Nothing if `text` is too
  // long.
  std::optional<std::string_view> seal(std::string_view text, std::string_view context,
                                       Arena& arena) const;
  struct Opened {
    std::string_view text;
    bool renew = false;  // it was sealed with a secret that is not the first
  };
  // Nothing if it was not sealed with one of the secrets and this context.
  std::optional<Opened> open(std::string_view sealed, std::string_view context, Arena& arena) const;

 private:
  struct Free {
    void operator()(evp_aead_ctx_st* context) const;
  };
  std::vector<std::unique_ptr<evp_aead_ctx_st, Free>> keys_;
};

}  // namespace weir::tls
