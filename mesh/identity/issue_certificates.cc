#include "mesh/identity/issue_certificates.h"

#include "core/base/log.h"
#include "core/base/plain_text.h"
#include "core/base/utc_time.h"
#include "core/config/file_text.h"
#include "core/tls/authority.h"
#include "core/tls/spiffe_id.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kChainType = "application/pem-certificate-chain";

filter::Verdict refuse(int status, std::string_view detail) {
  const Reason reason = status == 403 ? Reason::kAuthzDenied : Reason::kBadRequest;
  return filter::Verdict::reply({.status = status, .reason = reason, .detail = detail});
}

}  // namespace

void IssueCertificates::Config::read(config::Table& table, Config& out) {
  table.read("cert", out.cert, "PEM file with the CA certificate, such as ca/root.crt.",
             {.required = true});
  table.read("key", out.key, "Unencrypted private key of the CA in PEM format.",
             {.required = true});
  table.read("lifetime", out.lifetime,
             "Validity of the certificates, which ends with that of the CA at the latest.",
             {.min = 1min, .max = 2160h});
  if (!table.has("cert") || out.key.empty()) return;
  config::FileText file = config::readFileText(out.cert.path);
  if (!file.error.empty()) {
    return table.fail("cert", "cannot read " + out.cert.path + ": " + file.error);
  }
  out.cert_text = std::move(file.text);
  const auto usable = tls::checkRoot({out.cert_text, out.key.reveal()});
  if (!usable.ok()) table.fail("cert", out.cert.path + ": " + std::string(usable.error().detail));
}

filter::Verdict IssueCertificates::onRequest(http::Request& request) {
  const std::string_view identity = control_.record().client_identity;
  if (!tls::faultOfSpiffeId(identity).empty()) {
    return refuse(403, "the client has no certificate with a SPIFFE ID");
  }
  if (request.method != http::Method::kPost) return refuse(405, "the method must be POST");
  control_.watchRequestBody(filter::BodyMode::whole(kMostRequest));
  return filter::Verdict::proceed();
}

// The first call has the complete body.
filter::Flow IssueCertificates::onRequestBody(filter::BodyStep& step) {
  std::string text;
  while (!step.in.empty()) {
    const Bytes piece = step.in.front();
    text += asText(piece);
    step.in.consume(piece.size());
  }
  return issueFor(text);
}

filter::Verdict IssueCertificates::issueFor(std::string_view request) {
  const std::string_view identity = control_.record().client_identity;
  const Nanoseconds now = wallClockNow();
  const tls::Renewal renewal{identity, now - kBackdate, now + config_.lifetime};
  const auto issued = tls::renew({config_.cert_text, config_.key.reveal()}, request, renewal);
  if (!issued.ok()) {
    const Error& error = issued.error();
    log::warning("no certificate issued for " + std::string(identity) + ": " +
                 std::string(error.detail));
    return refuse(error.code == ErrorCode::kNotFound ? 403 : 400, error.detail);
  }
  log::info("certificate issued for " + std::string(identity) + ", valid until " +
            UtcTime{renewal.not_after}.text() + " at most");
  return filter::Verdict::reply(
      {.status = 200, .body = control_.arena().copy(issued.value()), .content_type = kChainType});
}

}  // namespace weir::mesh
