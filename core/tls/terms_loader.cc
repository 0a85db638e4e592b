#include "core/tls/terms_loader.h"

#include <algorithm>

#include "core/config/file_text.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

using Use = Certificate::Use;

// Reads the files of one table and collects their errors.
class TermsReader {
 public:
  TermsReader(const config::Origin& origin, CertificateStore& certificates,
              config::Diagnostics& diagnostics)
      : location_(origin.location),
        path_(origin.path.empty() ? "tls" : origin.path),
        certificates_(certificates),
        diagnostics_(diagnostics) {}

  std::string text(const config::File& file, std::string_view key) {
    config::FileText read = config::readFileText(file.path);
    if (!read.error.empty()) fail(key, "cannot read " + file.path + ": " + read.error);
    return std::move(read.text);
  }
  void fail(std::string_view key, std::string what) {
    good_ = false;
    diagnostics_.add({location_, path_ + "." + std::string(key), std::move(what), {}});
  }
  bool good() const { return good_; }

  std::shared_ptr<const Certificate> certificate(const config::File& cert, const config::File& key,
                                                 Certificate::Use use) {
    std::string why;
    auto found = certificates_.load({cert.path, key.path, use}, why);
    if (found == nullptr) fail("cert", std::move(why));
    return found;
  }

  void staple(const config::File& file, const Certificate& certificate, ServerSetup& setup) {
    const std::string der = text(file, "ocsp");
    if (!good_) return;
    auto read = readStaple(der, certificate);
    if (read.ok()) {
      setup.staples[&certificate] = std::move(read.value());
    } else {
      fail("ocsp", file.path + ": " + std::string(read.error().detail));
    }
  }

  // A PEM file and the key that names it.
  struct Named {
    std::string_view key;
    const std::optional<config::File>& file;
  };
  std::shared_ptr<const Verifier> verifier(const Named& roots, const Named& revocations,
                                           Verifier::Options options) {
    options.system_roots = !roots.file;
    if (roots.file) options.roots = text(*roots.file, roots.key);
    if (revocations.file) options.revocations = text(*revocations.file, revocations.key);
    if (!good_) return nullptr;
    auto made = Verifier::make(options);
    if (made.ok()) return made.value();
    fail(roots.key, std::string(made.error().detail));
    return nullptr;
  }

 private:
  const config::Location& location_;
  const std::string path_;
  CertificateStore& certificates_;
  config::Diagnostics& diagnostics_;
  bool good_ = true;
};

TicketKeys::Secret secretOf(const std::string& text) {
  TicketKeys::Secret secret{};
  std::copy_n(text.begin(), secret.size(), secret.begin());
  return secret;
}

// `system` caches the verifier that trusts the system's roots.
std::shared_ptr<const Verifier> verifierOf(const ClientOptions& options, TermsReader& reader,
                                           std::shared_ptr<const Verifier>& system) {
  const bool plain =
      !options.ca && !options.crl && options.names.empty() && options.certificate_sha256.empty();
  if (plain && system != nullptr) return system;
  Verifier::Options demands;
  demands.names = SanMatcher(options.names);
  demands.hashes = options.certificate_sha256;
  auto made = reader.verifier({"ca", options.ca}, {"crl", options.crl}, std::move(demands));
  if (plain) system = made;
  return made;
}

std::string allOf(std::string_view domain) {
  return std::string(kSpiffeScheme) + std::string(domain) + "/*";
}

}  // namespace

TermsLoader::TermsLoader()
    : own_tickets_(std::make_shared<const TicketKeys>(
          std::vector<TicketKeys::Secret>{TicketKeys::random()})) {}

std::shared_ptr<const ServerConfig> TermsLoader::server(const ServerOptions& options,
                                                        Listener listener,
                                                        config::Diagnostics& diagnostics) {
  bool good = true;
  ServerSetup setup{options};
  setup.protocols = std::move(listener.protocols);
  setup.plain_http_reply = listener.plain_http_reply;
  setup.handshakes = &listener.handshakes;
  if (options.workload_identity) return workloadServer(std::move(setup));
  std::vector<std::shared_ptr<const Certificate>> certificates;
  for (const CertificateFiles& each : options.certificates) {
    TermsReader reader(each.origin, certificates_, diagnostics);
    certificates.push_back(
        reader.certificate(each.cert, each.key, each.node ? Use::kNodeServer : Use::kServer));
    if (each.ocsp && reader.good()) reader.staple(*each.ocsp, *certificates.back(), setup);
    good = good && reader.good();
  }
  TermsReader reader(options.origin, certificates_, diagnostics);
  if (options.client_ca) {
    Verifier::Options demands;
    demands.names = SanMatcher(options.client_names);
    demands.hashes = options.client_certificate_sha256;
    setup.clients = reader.verifier({"client_ca", options.client_ca},
                                    {"client_crl", options.client_crl}, std::move(demands));
  }
  if (!good || !reader.good() || certificates.empty()) return nullptr;
  return std::make_shared<const ServerConfig>(
      std::move(setup), CertificateSet(std::move(certificates)), ticketsFor(options));
}

std::shared_ptr<const TicketKeys> TermsLoader::ticketsFor(const ServerOptions& options) const {
  if (options.ticket_secrets.empty()) return own_tickets_;
  std::vector<TicketKeys::Secret> secrets;
  for (const auto& each : options.ticket_secrets) secrets.push_back(secretOf(each.reveal()));
  return std::make_shared<const TicketKeys>(std::move(secrets));
}

// The names of all workloads of this node's trust domain.
std::vector<std::string> TermsLoader::ownDomain() const {
  if (workload_ == nullptr) return {};
  return {allOf(trustDomainOf(workload_->certificate->identity()))};
}

std::vector<std::string> TermsLoader::acceptedNames(const ServerOptions& options) const {
  std::vector<std::string> names = ownDomain();
  for (const std::string& each : options.client_trust_domains) names.push_back(allOf(each));
  return names;
}

// Without an identity, nobody is trusted.
std::shared_ptr<const Verifier> TermsLoader::workloadVerifier(
    const std::vector<std::string>& names, const std::vector<std::string>& hashes) const {
  Verifier::Options demands;
  demands.bundles = workload_ == nullptr ? TrustBundles::none() : workload_->bundles;
  demands.names = SanMatcher(names);
  demands.hashes = hashes;
  return Verifier::make(demands).value();
}

std::shared_ptr<const ServerConfig> TermsLoader::workloadServer(ServerSetup setup) const {
  std::vector<std::shared_ptr<const Certificate>> own;
  if (workload_ != nullptr) own.push_back(workload_->certificate);
  if (setup.client_certificate != ClientCertificate::kNone) {
    if (setup.client_names.empty()) setup.client_names = acceptedNames(setup);
    setup.clients = workloadVerifier(setup.client_names, setup.client_certificate_sha256);
  }
  auto tickets = ticketsFor(setup);
  return std::make_shared<const ServerConfig>(std::move(setup), CertificateSet(std::move(own)),
                                              std::move(tickets));
}

std::shared_ptr<const ClientConfig> TermsLoader::client(const ClientOptions& options,
                                                        Upstream upstream,
                                                        config::Diagnostics& diagnostics) {
  TermsReader reader(options.origin, certificates_, diagnostics);
  ClientSetup setup;
  setup.protocols = std::move(upstream.protocols);
  setup.server_name = options.server_name.value_or(std::string(upstream.looked_up));
  setup.check_server_name = options.names.empty();
  if (options.workload_identity) {
    setup.check_server_name = false;
    setup.servers = workloadVerifier(options.names.empty() ? ownDomain() : options.names,
                                     options.certificate_sha256);
    if (workload_ != nullptr) setup.own = workload_->certificate;
  } else if (!options.insecure) {
    if (setup.server_name.empty() && setup.check_server_name) {
      reader.fail("server_name", "is needed: the endpoints have no name that could be checked");
    }
    setup.servers = verifierOf(options, reader, system_);
  }
  if (options.cert && options.key) {
    setup.own = reader.certificate(*options.cert, *options.key,
                                   options.node ? Use::kNodeClient : Use::kClient);
  }
  if (!reader.good()) return nullptr;
  return std::make_shared<const ClientConfig>(std::move(setup));
}

}  // namespace weir::tls
