#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/tls/verifier.h"

struct evp_pkey_st;
struct stack_st_X509;
struct x509_store_ctx_st;

// What a Verifier finds wrong with a peer's certificates, and how it says so. Included by sources
// of this folder only.
namespace weir::tls {

// Who a certificate is for, in a form fit for a log: its URI, DNS name or subject.
std::string nameOf(const x509_st* certificate);
// "a, b, c", cut after some.
std::string listOf(const std::vector<std::string>& names);

// Of a check that failed. `wanted`: the name that it was to hold for; may be empty.
Verifier::Verdict refusalOf(x509_store_ctx_st* check, const x509_st* leaf, std::string_view wanted);

// Whether all keys and signatures of a chain are strong enough, by the measure that OpenSSL's
// security level 2 sets: 112 bits. With `until` set, when they are.
Verifier::Verdict judgeStrength(const stack_st_X509* chain);

// What is wrong with a key; empty if nothing is.
std::string_view faultOfKey(const evp_pkey_st* key);

// What is wrong with an X509-SVID beyond its names: a leaf vouches for nobody else (X509-SVID, 4).
std::string_view faultOfSvid(const x509_st* leaf);

// The alert that tells a peer of a refusal (RFC 8446, 6.2).
std::uint8_t alertFor(HandshakeReason reason);

// "2026-01-31T12:00:00Z".
std::string dateText(Nanoseconds wall);

}  // namespace weir::tls
