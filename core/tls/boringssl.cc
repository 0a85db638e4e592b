#include "core/tls/boringssl.h"

#include <algorithm>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/base/check.h"

namespace weir::tls {
namespace {

// For TLS 1.2; those of 1.3 are all good. Only forward secrecy and authenticated encryption.
constexpr const char* kCiphers =
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]:"
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kGroups = "X25519:P-256:P-384";
// For handshake signatures that weir makes and accepts. Never SHA-1, which TLS 1.2 would use with
// peers that offer nothing else (RFC 9155).
constexpr std::uint16_t kSignatures[] = {
    SSL_SIGN_ED25519,          SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PKCS1_SHA256, SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA384, SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA512,
};

int ownerIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

int noPassword(char*, int, int, void*) { return -1; }

std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> readChain(std::string_view pem) {
  const bssl::UniquePtr<BIO> in = bioOver(pem);
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> chain;
  std::uint8_t* bytes = nullptr;
  long size = 0;
  while (PEM_bytes_read_bio(&bytes, &size, nullptr, PEM_STRING_X509, in.get(), noPassword,
                            nullptr) == 1) {
    const bssl::UniquePtr<std::uint8_t> owner(bytes);
    bssl::UniquePtr<CRYPTO_BUFFER> buffer(
        CRYPTO_BUFFER_new(bytes, static_cast<std::size_t>(size), nullptr));
    const bssl::UniquePtr<X509> parsed(X509_parse_from_buffer(buffer.get()));
    if (parsed == nullptr) return {};
    chain.push_back(std::move(buffer));
  }
  // The loop ends when no certificate is left; any other error means that the text is truncated.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) chain.clear();
  return chain;
}

std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> readDerChain(std::string_view der) {
  CBS rest;
  CBS_init(&rest, reinterpret_cast<const std::uint8_t*>(der.data()), der.size());
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> chain;
  while (CBS_len(&rest) > 0) {
    CBS each;
    if (CBS_get_asn1_element(&rest, &each, CBS_ASN1_SEQUENCE) != 1) return {};
    bssl::UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new_from_CBS(&each, nullptr));
    const bssl::UniquePtr<X509> parsed(X509_parse_from_buffer(buffer.get()));
    ERR_clear_error();
    if (parsed == nullptr) return {};
    chain.push_back(std::move(buffer));
  }
  return chain;
}

Nanoseconds timeOf(const ASN1_TIME* time) {
  std::int64_t seconds = 0;
  if (ASN1_TIME_to_posix(time, &seconds) != 1) return Nanoseconds(0);
  // A certificate without expiry has the year 9999 (RFC 5280, 4.1.2.5); nanoseconds end in 2262.
  constexpr std::int64_t kFarthest = 9'000'000'000;
  return std::chrono::seconds(std::clamp(seconds, -kFarthest, kFarthest));
}

std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> shownBy(const SSL* ssl) {
  const STACK_OF(CRYPTO_BUFFER)* shown = SSL_get0_peer_certificates(ssl);
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> chain;
  for (std::size_t i = 0; shown != nullptr && i < sk_CRYPTO_BUFFER_num(shown); ++i) {
    chain.push_back(bssl::UpRef(sk_CRYPTO_BUFFER_value(shown, i)));
  }
  return chain;
}

bssl::UniquePtr<STACK_OF(X509)> parsedChain(
    const std::vector<bssl::UniquePtr<CRYPTO_BUFFER>>& chain) {
  if (chain.empty()) return nullptr;
  bssl::UniquePtr<STACK_OF(X509)> parsed(sk_X509_new_null());
  for (const auto& buffer : chain) {
    bssl::UniquePtr<X509> each(X509_parse_from_buffer(buffer.get()));
    if (each == nullptr || !bssl::PushToStack(parsed.get(), std::move(each))) return nullptr;
  }
  return parsed;
}

void endSessionAt(SSL_SESSION* session, Nanoseconds certificate) {
  constexpr std::int64_t kLongest = SSL_DEFAULT_SESSION_AUTH_TIMEOUT;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(certificate - wallClockNow()).count();
  if (left >= kLongest) return;
  const auto most = static_cast<std::int64_t>(SSL_SESSION_get_timeout(session));
  SSL_SESSION_set_timeout(session,
                          static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, most)));
}

bool isIpAddress(const std::string& name) {
  const bssl::UniquePtr<ASN1_OCTET_STRING> address(a2i_IPADDRESS(name.c_str()));
  ERR_clear_error();
  return address != nullptr;
}

std::vector<std::uint8_t> alpnOffer(const std::vector<std::string>& protocols) {
  std::vector<std::uint8_t> offer;
  for (const std::string& each : protocols) {
    offer.push_back(static_cast<std::uint8_t>(each.size()));
    offer.insert(offer.end(), each.begin(), each.end());
  }
  return offer;
}

std::vector<CRYPTO_BUFFER*> chainOf(const Certificate& certificate) {
  std::vector<CRYPTO_BUFFER*> chain;
  chain.reserve(certificate.parts().chain.size());
  for (const auto& each : certificate.parts().chain) chain.push_back(each.get());
  return chain;
}

bssl::UniquePtr<SSL_CTX> makeContext(const void* owner) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_with_buffers_method()));
  SSL_CTX_set_ex_data(context.get(), ownerIndex(), const_cast<void*>(owner));
  WEIR_CHECK(SSL_CTX_set_strict_cipher_list(context.get(), kCiphers) == 1);
  WEIR_CHECK(SSL_CTX_set1_groups_list(context.get(), kGroups) == 1);
  WEIR_CHECK(
      SSL_CTX_set_signing_algorithm_prefs(context.get(), kSignatures, std::size(kSignatures)) == 1);
  WEIR_CHECK(
      SSL_CTX_set_verify_algorithm_prefs(context.get(), kSignatures, std::size(kSignatures)) == 1);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

const void* ownerOf(const SSL_CTX* context) { return SSL_CTX_get_ex_data(context, ownerIndex()); }

Error invalid(std::string_view detail) {
  ERR_clear_error();
  return {ErrorCode::kInvalid, Origin::kLocal, detail};
}

}  // namespace weir::tls
