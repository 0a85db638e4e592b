#include "gateway/auth/client_certificate.h"

namespace weir::gateway {

using authn::Result;

void ClientCertificate::Config::read(config::Table& table, Config& out) {
  authn::readMode(table, out.enforcement);
  authn::readRealm(table, out.realm);
}

ClientCertificate::Local::Local(const Config& config, const filter::LocalTools& tools)
    : judge_(authn::Method::kMtls, config.enforcement,
             authn::Challenges("ClientCertificate realm=\"" + config.realm + '"'), tools.metrics) {}

filter::Verdict ClientCertificate::onRequest(http::Request& request) {
  const http::ExchangeRecord& record = control_.record();
  if (record.client_certificate.empty()) {
    return local_.judge().refuse(Result::kMissing, "the client has no verified certificate",
                                 request);
  }
  if (record.client_subject.empty()) {
    return local_.judge().refuse(Result::kInvalid, "the client's certificate names nobody",
                                 request);
  }
  local_.judge().accept();
  http::Principal& principal = control_.principal();
  principal = {};
  principal.method = authn::kMethodWords[static_cast<unsigned>(authn::Method::kMtls)];
  principal.subject = record.client_subject;
  return filter::Verdict::proceed();
}

}  // namespace weir::gateway
