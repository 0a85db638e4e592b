#include "tools/bench/tls_client.h"

#include <utility>

#include "tools/bench/loopback.h"

namespace weir::bench {
namespace {

// With TLS 1.2 a P-256 certificate needs its curve in the list; the key exchange uses the first.
constexpr const char* kGroups = "X25519:P-256";

std::uint16_t numberOf(std::string_view version) {
  if (version != "1.2" && version != "1.3") die("--tls is 1.2 or 1.3");
  return version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
}

}  // namespace

TlsClient::TlsClient(std::string_view version, std::string server_name, bool resume)
    : context_(SSL_CTX_new(TLS_client_method())),
      server_name_(std::move(server_name)),
      resume_(resume) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  const bool taken = SSL_CTX_set_min_proto_version(context, numberOf(version)) == 1 &&
                     SSL_CTX_set_max_proto_version(context, numberOf(version)) == 1 &&
                     SSL_CTX_set1_groups_list(context, kGroups) == 1;
  if (!taken) die("the settings of TLS");
}

bssl::UniquePtr<SSL> TlsClient::open(int fd) {
  bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
  SSL_set_fd(ssl.get(), fd);
  SSL_set_tlsext_host_name(ssl.get(), server_name_.c_str());
  if (resume_ && session_) SSL_set_session(ssl.get(), session_.get());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

void TlsClient::remember(SSL* ssl) {
  if (resume_ && !session_) session_.reset(SSL_get1_session(ssl));
}

std::string protectionOf(const SSL* ssl) {
  return std::string(SSL_get_version(ssl)) + " " +
         SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
}

}  // namespace weir::bench
