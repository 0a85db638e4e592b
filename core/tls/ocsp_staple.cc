#include "core/tls/ocsp_staple.h"

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <optional>

#include "core/tls/boringssl.h"

namespace weir::tls {
namespace {

constexpr CBS_ASN1_TAG kContext0 = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr CBS_ASN1_TAG kGood = CBS_ASN1_CONTEXT_SPECIFIC | 0;
constexpr std::uint8_t kSuccessful = 0;

// The BasicOCSPResponse in an OCSPResponse (RFC 6960, 4.2.1); false unless it is successful.
bool readBasic(CBS der, CBS* basic) {
  CBS response;
  CBS status;
  CBS outer;
  CBS bytes;
  CBS inner;
  CBS wrapped;
  return CBS_get_asn1(&der, &response, CBS_ASN1_SEQUENCE) == 1 && CBS_len(&der) == 0 &&
         CBS_get_asn1(&response, &status, CBS_ASN1_ENUMERATED) == 1 && CBS_len(&status) == 1 &&
         CBS_data(&status)[0] == kSuccessful && CBS_get_asn1(&response, &outer, kContext0) == 1 &&
         CBS_get_asn1(&outer, &bytes, CBS_ASN1_SEQUENCE) == 1 &&
         CBS_get_asn1(&bytes, &inner, CBS_ASN1_OBJECT) == 1 &&
         CBS_get_asn1(&bytes, &wrapped, CBS_ASN1_OCTETSTRING) == 1 &&
         CBS_get_asn1(&wrapped, basic, CBS_ASN1_SEQUENCE) == 1;
}

// The sequence of SingleResponses.
bool readResponses(CBS basic, CBS* responses) {
  CBS data;
  CBS skipped;
  return CBS_get_asn1(&basic, &data, CBS_ASN1_SEQUENCE) == 1 &&
         CBS_get_optional_asn1(&data, nullptr, nullptr, kContext0) == 1 &&    // the version
         CBS_get_any_asn1_element(&data, &skipped, nullptr, nullptr) == 1 &&  // the responder
         CBS_get_asn1(&data, &skipped, CBS_ASN1_GENERALIZEDTIME) == 1 &&
         CBS_get_asn1(&data, responses, CBS_ASN1_SEQUENCE) == 1;
}

std::optional<Nanoseconds> timeIn(CBS text) {
  const bssl::UniquePtr<ASN1_GENERALIZEDTIME> time(ASN1_GENERALIZEDTIME_new());
  const std::string copy(reinterpret_cast<const char*>(CBS_data(&text)), CBS_len(&text));
  if (ASN1_GENERALIZEDTIME_set_string(time.get(), copy.c_str()) != 1) return std::nullopt;
  return tls::timeOf(time.get());
}

// Whether a CertID names the certificate: by its serial number, which its issuer uses only once.
bool isAbout(CBS id, const Certificate& certificate) {
  CBS skipped;
  CBS serial;
  if (CBS_get_asn1(&id, &skipped, CBS_ASN1_SEQUENCE) != 1 ||
      CBS_get_asn1(&id, &skipped, CBS_ASN1_OCTETSTRING) != 1 ||
      CBS_get_asn1(&id, &skipped, CBS_ASN1_OCTETSTRING) != 1 ||
      CBS_get_asn1_element(&id, &serial, CBS_ASN1_INTEGER) != 1) {
    return false;
  }
  const ASN1_INTEGER* ours = X509_get0_serialNumber(certificate.parts().leaf.get());
  std::uint8_t* bytes = nullptr;
  const int size = i2d_ASN1_INTEGER(ours, &bytes);
  const bssl::UniquePtr<std::uint8_t> owner(bytes);
  return size > 0 && CBS_mem_equal(&serial, bytes, static_cast<std::size_t>(size)) == 1;
}

// Reads the times and the state of a SingleResponse after its CertID.
Result<void> readState(CBS single, OcspStaple& staple) {
  CBS state;
  CBS from;
  CBS to;
  CBS until;
  CBS_ASN1_TAG tag = 0;
  int has_until = 0;
  if (CBS_get_any_asn1(&single, &state, &tag) != 1 ||
      CBS_get_asn1(&single, &from, CBS_ASN1_GENERALIZEDTIME) != 1 ||
      CBS_get_optional_asn1(&single, &to, &has_until, kContext0) != 1) {
    return invalid("is not an OCSP response");
  }
  if (tag != kGood) return invalid("states that the certificate is revoked or unknown");
  const auto since = timeIn(from);
  if (!since) return invalid("is not an OCSP response");
  staple.this_update = *since;
  if (has_until == 0) return {};
  if (CBS_get_asn1(&to, &until, CBS_ASN1_GENERALIZEDTIME) != 1) {
    return invalid("is not an OCSP response");
  }
  const auto end = timeIn(until);
  if (!end) return invalid("is not an OCSP response");
  staple.next_update = *end;
  return {};
}

}  // namespace

Result<OcspStaple> readStaple(std::string_view der, const Certificate& certificate) {
  CBS all;
  CBS basic;
  CBS responses;
  CBS_init(&all, reinterpret_cast<const std::uint8_t*>(der.data()), der.size());
  if (!readBasic(all, &basic) || !readResponses(basic, &responses)) {
    return invalid("is not a successful OCSP response in DER format");
  }
  CBS single;
  while (CBS_get_asn1(&responses, &single, CBS_ASN1_SEQUENCE) == 1) {
    CBS id;
    if (CBS_get_asn1(&single, &id, CBS_ASN1_SEQUENCE) != 1) break;
    if (!isAbout(id, certificate)) continue;
    OcspStaple staple;
    staple.der = der;
    const auto state = readState(single, staple);
    if (!state.ok()) return state.error();
    return staple;
  }
  return invalid("is not for the certificate");
}

}  // namespace weir::tls
