#pragma once

#include <optional>
#include <string>
#include <vector>

namespace weir {

// `weir ca`: a CA in a directory, and the certificates that it issues.
struct AuthorityOptions {
  std::string directory = "ca";  // of root.crt and root.key
  std::string name;              // common name of the root or of a certificate
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;
  std::string identity;
  std::string out;  // OUT.crt and OUT.key are written; default: beside the root, named after `name`
  bool rsa = false;
  std::optional<unsigned> days;  // default: ten years for a root, 90 days for a certificate
};

// Each reports errors on stderr and returns the exit code of the process.
int makeAuthority(const AuthorityOptions& options);     // refuses to replace a root
int issueCertificate(const AuthorityOptions& options);  // refuses to replace any file
int renewCertificate(const AuthorityOptions& options);  // OUT.crt and OUT.key, with a new key
int showCertificate(const std::string& path);

// `weir ca serve`: an authority that renews the certificates of workloads.
struct AuthorityService {
  std::string listen = "0.0.0.0:8443";
  std::string lifetime = "24h";  // of the certificates
};
// Creates the configuration DIR/serve.toml, and the certificate authority.crt for the names in
// `options`, unless they exist. Returns the path of the configuration; nullopt after an error,
// which is reported on stderr.
std::optional<std::string> prepareService(const AuthorityOptions& options,
                                          const AuthorityService& service);

}  // namespace weir
