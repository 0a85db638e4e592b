#include "core/server/tls_builder.h"

#include <algorithm>

#include "core/config/file_text.h"

namespace weir::server {
namespace {

using Use = tls::Certificate::Use;

// What a client reads that sends HTTP to an address of HTTPS.
constexpr std::string_view kPlainHttpReply =
    "HTTP/1.1 400 Bad Request\r\n"
    "content-type: application/json\r\n"
    "content-length: 104\r\n"
    "connection: close\r\n"
    "server: weir\r\n"
    "\r\n"
    "{\"status\":400,\"reason\":\"bad_request\",\"detail\":\"a request in the clear: this address "
    "speaks HTTPS only\"}\n";

// Reads the files of one table and keeps what is wrong with them.
class Reader {
 public:
  Reader(const config::Place& place, std::string_view path, CertificateStore& certificates,
         config::Mistakes& mistakes)
      : place_(place),
        path_(path.empty() ? "tls" : path),
        certificates_(certificates),
        mistakes_(mistakes) {}

  std::string text(const config::File& file, std::string_view key) {
    config::FileText read = config::readFileText(file.path);
    if (!read.error.empty()) fail(key, "cannot read " + file.path + ": " + read.error);
    return std::move(read.text);
  }
  void fail(std::string_view key, std::string what) {
    good_ = false;
    mistakes_.add({place_, path_ + "." + std::string(key), std::move(what), {}});
  }
  bool good() const { return good_; }

  std::shared_ptr<const tls::Certificate> certificate(const config::File& cert,
                                                      const config::File& key,
                                                      tls::Certificate::Use use) {
    std::string why;
    auto found = certificates_.load({cert.path, key.path, use}, why);
    if (found == nullptr) fail("cert", std::move(why));
    return found;
  }

  void staple(const config::File& file, const tls::Certificate& certificate,
              tls::ServerOptions& options) {
    const std::string der = text(file, "ocsp");
    if (!good_) return;
    auto read = tls::readStaple(der, certificate);
    if (read.ok()) {
      options.staples[&certificate] = std::move(read.value());
    } else {
      fail("ocsp", file.path + ": " + std::string(read.error().detail));
    }
  }

  // A file of PEM and the key that names it.
  struct Named {
    std::string_view key;
    const std::optional<config::File>& file;
  };
  std::shared_ptr<const tls::Verifier> verifier(const Named& roots, const Named& revocations,
                                                tls::Verifier::Options options) {
    options.system_roots = !roots.file;
    if (roots.file) options.roots = text(*roots.file, roots.key);
    if (revocations.file) options.revocations = text(*revocations.file, revocations.key);
    if (!good_) return nullptr;
    auto made = tls::Verifier::make(options);
    if (made.ok()) return made.value();
    fail(roots.key, std::string(made.error().detail));
    return nullptr;
  }

 private:
  const config::Place& place_;
  const std::string path_;
  CertificateStore& certificates_;
  config::Mistakes& mistakes_;
  bool good_ = true;
};

tls::TicketKeys::Secret secretOf(const std::string& text) {
  tls::TicketKeys::Secret secret{};
  std::copy_n(text.begin(), secret.size(), secret.begin());
  return secret;
}

std::vector<std::string> alpnOf(http::VersionChoice versions) {
  std::vector<std::string> protocols;
  if (versions != http::VersionChoice::kHttp1) protocols.emplace_back("h2");
  if (versions != http::VersionChoice::kHttp2) protocols.emplace_back("http/1.1");
  return protocols;
}

// `system` keeps the verifier that trusts the system's roots, once it is made.
std::shared_ptr<const tls::Verifier> verifierOf(const UpstreamTlsSettings& settings, Reader& reader,
                                                std::shared_ptr<const tls::Verifier>& system) {
  const bool plain =
      !settings.ca && !settings.crl && settings.names.empty() && settings.hashes.empty();
  if (plain && system != nullptr) return system;
  tls::Verifier::Options demands;
  demands.names = tls::NameList(settings.names);
  demands.hashes = settings.hashes;
  auto made = reader.verifier({"ca", settings.ca}, {"crl", settings.crl}, std::move(demands));
  if (plain) system = made;
  return made;
}

}  // namespace

TlsBuilder::TlsBuilder()
    : own_tickets_(std::make_shared<const tls::TicketKeys>(
          std::vector<tls::TicketKeys::Secret>{tls::TicketKeys::random()})) {}

std::shared_ptr<const tls::ServerTerms> TlsBuilder::server(
    const ListenerTlsSettings& settings, std::optional<http::VersionChoice> versions,
    event::SharedCount& handshakes, config::Mistakes& mistakes) {
  bool good = true;
  tls::ServerOptions options;
  std::vector<std::shared_ptr<const tls::Certificate>> certificates;
  for (const CertificateSettings& each : settings.certificates) {
    Reader reader(each.place, each.path, certificates_, mistakes);
    certificates.push_back(
        reader.certificate(each.cert, each.key, each.node ? Use::kNodeServer : Use::kServer));
    if (each.ocsp && reader.good()) reader.staple(*each.ocsp, *certificates.back(), options);
    good = good && reader.good();
  }
  Reader reader(settings.place, settings.path, certificates_, mistakes);
  options.early_data = settings.early_data;
  options.min_version = settings.min_version;
  options.max_version = settings.max_version;
  if (versions) options.protocols = alpnOf(*versions);
  if (versions) options.plain_http_reply = kPlainHttpReply;
  options.refuse_unknown_names = settings.unknown_names == UnknownNames::kRefuse;
  options.client_certificate = settings.client_certificate;
  options.handshake_timeout = settings.handshake_timeout;
  options.max_handshakes = settings.max_handshakes;
  options.handshakes = &handshakes;
  if (settings.client_ca) {
    tls::Verifier::Options demands;
    demands.names = tls::NameList(settings.client_names);
    demands.hashes = settings.client_hashes;
    options.clients = reader.verifier({"client_ca", settings.client_ca},
                                      {"client_crl", settings.client_crl}, std::move(demands));
  }
  if (!good || !reader.good() || certificates.empty()) return nullptr;
  auto tickets = own_tickets_;
  if (!settings.ticket_secrets.empty()) {
    std::vector<tls::TicketKeys::Secret> secrets;
    for (const auto& each : settings.ticket_secrets) secrets.push_back(secretOf(each.reveal()));
    tickets = std::make_shared<const tls::TicketKeys>(std::move(secrets));
  }
  return std::make_shared<const tls::ServerTerms>(
      std::move(options), tls::CertificateSet(std::move(certificates)), std::move(tickets));
}

std::shared_ptr<const tls::ClientTerms> TlsBuilder::client(const UpstreamTlsSettings& settings,
                                                           http::VersionChoice versions,
                                                           std::string_view looked_up,
                                                           config::Mistakes& mistakes) {
  Reader reader(settings.place, settings.path, certificates_, mistakes);
  tls::ClientOptions options;
  options.protocols = alpnOf(versions);
  options.server_name = settings.server_name.value_or(std::string(looked_up));
  options.check_server_name = settings.names.empty();
  if (!settings.insecure) {
    if (options.server_name.empty() && options.check_server_name) {
      reader.fail("server_name", "is needed: the endpoints have no name that could be checked");
    }
    options.servers = verifierOf(settings, reader, system_);
  }
  if (settings.cert && settings.key) {
    options.own = reader.certificate(*settings.cert, *settings.key,
                                     settings.node ? Use::kNodeClient : Use::kClient);
  }
  if (!reader.good()) return nullptr;
  return std::make_shared<const tls::ClientTerms>(std::move(options));
}

}  // namespace weir::server
