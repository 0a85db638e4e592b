#include "tools/weir/authority.h"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/plain_text.h"
#include "core/base/utc_time.h"
#include "core/config/file_text.h"
#include "core/tls/authority.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/fresh_file.h"

namespace weir {
namespace {

constexpr unsigned kRootDays = 3650;
constexpr unsigned kCertificateDays = 90;
constexpr Nanoseconds kDay = std::chrono::hours(24);
// Clocks differ: a certificate that was just issued must not be rejected as not yet valid.
constexpr Nanoseconds kBackdate = std::chrono::minutes(5);

int fail(const std::string& what) {
  std::fprintf(stderr, "weir ca: %s\n", what.c_str());
  return kFailed;
}

std::optional<std::string> readFile(const std::string& path) {
  config::FileText file = config::readFileText(path);
  if (file.error.empty()) return std::move(file.text);
  fail(path + ": " + file.error);
  return std::nullopt;
}

enum class Place { kNew, kReplaced };

int writePair(const std::string& stem, const tls::KeyPair& pair, Place place) {
  FreshFile key(stem + ".key");
  FreshFile certificate(stem + ".crt");
  if (!key.write(pair.key, 0600) || !certificate.write(pair.certificate, 0644)) return kFailed;
  // The key first: a process that watches the certificate then finds its key.
  const bool there = place == Place::kReplaced ? key.replace() && certificate.replace()
                                               : key.create() && certificate.create();
  if (!there) return kFailed;
  std::printf("%s.crt\n%s.key\n", stem.c_str(), stem.c_str());
  return kDone;
}

// True if files in the directory of the CA can have that name.
bool isFileName(const std::string& name) {
  return !name.empty() && name.size() <= tls::kMaxSubject && name.front() != '.' &&
         name.front() != '-' && name.find('/') == std::string::npos && isVisibleAscii(name);
}

// The files issued here belong to this machine and must not be committed to a repository.
void ignoreInGit(const std::string& directory) {
  const int descriptor = ::open((directory + "/.gitignore").c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (descriptor < 0) return;
  [[maybe_unused]] const auto written = ::write(descriptor, "*\n", 2);
  ::close(descriptor);
}

std::optional<tls::KeyPair> readPair(const std::string& stem) {
  auto certificate = readFile(stem + ".crt");
  auto key = readFile(stem + ".key");
  if (!certificate || !key) return std::nullopt;
  return tls::KeyPair{std::move(*certificate), std::move(*key)};
}

int issueTo(const std::string& stem, const AuthorityOptions& options,
            tls::CertificateRequest request, Place place) {
  const auto root = readPair(options.directory + "/root");
  if (!root) return kFailed;
  const Nanoseconds now = wallClockNow();
  request.not_before = now - kBackdate;
  request.not_after = now + options.days.value_or(kCertificateDays) * kDay;
  const auto issued = tls::issue(*root, request);
  if (!issued.ok()) return fail(std::string(issued.error().detail));
  return writePair(stem, issued.value(), place);
}

void showList(const char* label, const std::vector<std::string>& values) {
  if (values.empty()) return;
  std::printf("%s", label);
  for (const std::string& each : values) std::printf(" %s", each.c_str());
  std::printf("\n");
}

const char* wordOf(tls::Certificate::KeyType type) {
  switch (type) {
    case tls::Certificate::KeyType::kEcdsa:
      return "ECDSA";
    case tls::Certificate::KeyType::kRsa:
      return "RSA";
    case tls::Certificate::KeyType::kEd25519:
      return "Ed25519";
  }
  return "";
}

}  // namespace

int makeAuthority(const AuthorityOptions& options) {
  const std::string stem = options.directory + "/root";
  if (std::filesystem::exists(stem + ".crt") || std::filesystem::exists(stem + ".key")) {
    return fail(stem + ".crt: a root already exists; choose another --dir");
  }
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  const Nanoseconds now = wallClockNow();
  if (failed) return fail(options.directory + ": " + failed.message());
  const auto root =
      tls::makeRoot(options.name, now - kBackdate, now + options.days.value_or(kRootDays) * kDay);
  if (!root.ok()) return fail(std::string(root.error().detail));
  ignoreInGit(options.directory);
  return writePair(stem, root.value(), Place::kNew);
}

int issueCertificate(const AuthorityOptions& options) {
  tls::CertificateRequest request;
  request.name = options.name;
  request.dns_names = options.dns_names;
  request.addresses = options.addresses;
  request.identity = options.identity;
  if (options.rsa) request.key_type = tls::Certificate::KeyType::kRsa;
  const bool named =
      !request.dns_names.empty() || !request.addresses.empty() || !request.identity.empty();
  if (!named) request.dns_names = {options.name};
  const std::string stem =
      options.out.empty() ? options.directory + "/" + options.name : options.out;
  if (options.out.empty() && !isFileName(options.name)) {
    return fail("\"" + printable(options.name, tls::kMaxSubject) +
                "\" cannot be used as a file name; choose another name or use --out");
  }
  for (const char* kind : {".crt", ".key"}) {
    if (std::filesystem::symlink_status(stem + kind).type() ==
        std::filesystem::file_type::not_found) {
      continue;
    }
    return fail(stem + kind + ": already exists; weir ca renew replaces it");
  }
  return issueTo(stem, options, std::move(request), Place::kNew);
}

int renewCertificate(const AuthorityOptions& options) {
  const auto old = readPair(options.out);
  if (!old) return kFailed;
  const auto parsed = tls::Certificate::parse(old->certificate, old->key);
  if (!parsed.ok()) return fail(options.out + ".crt: " + std::string(parsed.error().detail));
  const tls::Certificate& certificate = *parsed.value();
  tls::CertificateRequest request;
  request.name = certificate.commonName();
  request.dns_names = certificate.names();
  request.addresses = certificate.addresses();
  request.identity = certificate.identity();
  request.key_type = certificate.keyType();
  return issueTo(options.out, options, std::move(request), Place::kReplaced);
}

namespace {

// The certificate of the service itself, which lives as long as the CA.
bool makeServiceCertificate(const AuthorityOptions& options) {
  const std::string stem = options.directory + "/authority";
  if (std::filesystem::exists(stem + ".crt")) return true;
  const auto root = readPair(options.directory + "/root");
  if (!root) return false;
  const auto parsed = tls::Certificate::parse(root->certificate, root->key);
  tls::CertificateRequest request;
  request.name = "authority";
  request.dns_names = options.dns_names;
  request.addresses = options.addresses;
  if (request.dns_names.empty() && request.addresses.empty()) request.dns_names = {"localhost"};
  request.not_before = wallClockNow() - kBackdate;
  if (parsed.ok()) request.not_after = parsed.value()->notAfter();
  const auto issued = tls::issue(*root, request);
  if (issued.ok()) return writePair(stem, issued.value(), Place::kNew) == kDone;
  fail(stem + ".crt: " + std::string(issued.error().detail));
  return false;
}

std::string serviceConfiguration(const AuthorityService& service) {
  return R"(# Written once by `weir ca serve`, which uses it from then on: change it here.
[[listener]]
name = "authority"
address = ")" +
         service.listen + R"("
filters = [
  { rate_limit = { rate = "10/m", burst = 10, key = ["identity"] } },
  { issue_certificates = { cert = "root.crt", key = { file = "root.key" }, lifetime = ")" +
         service.lifetime + R"(" } },
]

[listener.tls]
certificates = [{ cert = "authority.crt", key = "authority.key" }]
client_certificate = "required"
client_ca = "root.crt"
)";
}

}  // namespace

std::optional<std::string> prepareService(const AuthorityOptions& options,
                                          const AuthorityService& service) {
  std::string path = options.directory + "/serve.toml";
  if (!makeServiceCertificate(options)) return std::nullopt;
  if (std::filesystem::exists(path)) return path;
  FreshFile file(path);
  if (!file.write(serviceConfiguration(service), 0644) || !file.create()) return std::nullopt;
  return path;
}

int showCertificate(const std::string& path) {
  const auto text = readFile(path);
  if (!text) return kFailed;
  const auto parsed = tls::Certificate::describe(*text);
  if (!parsed.ok()) return fail(path + ": " + std::string(parsed.error().detail));
  const tls::Certificate& certificate = *parsed.value();
  std::printf("subject:    %s\n", certificate.subject().c_str());
  std::printf("issuer:     %s\n", certificate.issuer().c_str());
  showList("names:     ", certificate.names());
  showList("addresses: ", certificate.addresses());
  if (!certificate.identity().empty()) {
    std::printf("identity:   %s\n", std::string(certificate.identity()).c_str());
  }
  std::printf("key:        %s\n", wordOf(certificate.keyType()));
  std::printf("not before: %s\n", UtcTime{certificate.notBefore()}.text().c_str());
  std::printf("not after:  %s%s\n", UtcTime{certificate.notAfter()}.text().c_str(),
              certificate.validAt(wallClockNow()) ? "" : "  (not valid now)");
  return kDone;
}

}  // namespace weir
