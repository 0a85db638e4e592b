#include "core/tls/ticket_keys.h"

#include <algorithm>
#include <cstring>
#include <openssl/cipher.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "core/base/check.h"

namespace weir::tls {

TicketKeys::TicketKeys(std::vector<Secret> secrets, Clock clock)
    : secrets_(std::move(secrets)), clock_(clock) {
  WEIR_CHECK(!secrets_.empty());
}

TicketKeys::Secret TicketKeys::random() {
  Secret secret{};
  RAND_bytes(secret.data(), secret.size());
  return secret;
}

TicketKeys::Keys TicketKeys::derive(const Secret& secret, std::uint64_t period) {
  Keys keys{};
  std::array<std::uint8_t, sizeof(Keys)> material{};
  constexpr std::string_view kPurpose = "weir session tickets";
  WEIR_CHECK(HKDF(material.data(), material.size(), EVP_sha256(), secret.data(), secret.size(),
                  reinterpret_cast<const std::uint8_t*>(kPurpose.data()), kPurpose.size(),
                  reinterpret_cast<const std::uint8_t*>(&period), sizeof period) == 1);
  std::memcpy(&keys, material.data(), sizeof keys);
  return keys;
}

int TicketKeys::seal(std::uint8_t* name, std::uint8_t* iv, evp_cipher_ctx_st* cipher,
                     hmac_ctx_st* mac) const {
  const Keys keys = derive(secrets_.front(), period());
  std::copy(keys.name.begin(), keys.name.end(), name);
  RAND_bytes(iv, EVP_CIPHER_iv_length(EVP_aes_128_cbc()));
  const bool ready =
      EVP_EncryptInit_ex(cipher, EVP_aes_128_cbc(), nullptr, keys.cipher.data(), iv) == 1 &&
      HMAC_Init_ex(mac, keys.mac.data(), keys.mac.size(), EVP_sha256(), nullptr) == 1;
  return ready ? 1 : -1;
}

int TicketKeys::open(const std::uint8_t* name, const std::uint8_t* iv, evp_cipher_ctx_st* cipher,
                     hmac_ctx_st* mac) const {
  const std::uint64_t now = period();
  for (const Secret& secret : secrets_) {
    for (std::uint64_t age = 0; age <= std::min(kLife, now); ++age) {
      const Keys keys = derive(secret, now - age);
      if (!std::equal(keys.name.begin(), keys.name.end(), name)) continue;
      const bool ready =
          EVP_DecryptInit_ex(cipher, EVP_aes_128_cbc(), nullptr, keys.cipher.data(), iv) == 1 &&
          HMAC_Init_ex(mac, keys.mac.data(), keys.mac.size(), EVP_sha256(), nullptr) == 1;
      if (!ready) return -1;
      return age == 0 && &secret == &secrets_.front() ? 1 : 2;
    }
  }
  return 0;
}

}  // namespace weir::tls
