#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/tls/verifier.h"

struct evp_pkey_st;
struct stack_st_X509;
struct x509_store_ctx_st;

// The checks of a Verifier, and the descriptions of its refusals. Included by sources of this
// folder only.
namespace weir::tls {

// A name of the certificate's holder, fit for a log: its URI, DNS name or subject.
std::string nameOf(const x509_st* certificate);
// "a, b, c", truncated to a few names.
std::string listOf(const std::vector<std::string>& names);

// The verdict for a failed check. `wanted`: the name required; may be empty.
Verifier::Verdict refusalOf(x509_store_ctx_st* check, const x509_st* leaf, std::string_view wanted);

// Whether all keys and signatures of a chain are strong enough by OpenSSL's security level 2: 112
// bits. If they are, the verdict has `until` set.
Verifier::Verdict judgeStrength(const stack_st_X509* chain);

// What is wrong with a key; empty if nothing is.
std::string_view faultOfKey(const evp_pkey_st* key);

// What is wrong with an X509-SVID beyond its names: a leaf must not sign others (X509-SVID, 4).
std::string_view faultOfSvid(const x509_st* leaf);

// What is wrong with the purposes of an X509-SVID, if it states them: a workload is both client and
// server (X509-SVID, 4.4).
std::string_view faultOfPurposes(const x509_st* leaf);

// The alert that reports a refusal to the peer (RFC 8446, 6.2).
std::uint8_t alertFor(HandshakeReason reason);

// "2026-01-31T12:00:00Z".
std::string dateText(Nanoseconds wall);

}  // namespace weir::tls
