#pragma once

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

namespace weir::bench {

// TLS on the load generator's connections.
//
// Certificates are not verified: it would load the generator's core without telling anything about
// a proxy. The key exchange is always X25519, so that every proxy does the same work.
class TlsClient {
 public:
  // `version` is "1.2" or "1.3". `resume`: connections after the first one resume its session.
  TlsClient(std::string_view version, std::string server_name, bool resume);

  // TLS over a connected non-blocking socket.
  bssl::UniquePtr<SSL> open(int fd);
  // Keeps the session of a connection that has received something.
  void remember(SSL* ssl);

 private:
  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL_SESSION> session_;
  const std::string server_name_;
  const bool resume_;
};

// "TLSv1.3 TLS_AES_128_GCM_SHA256".
std::string protectionOf(const SSL* ssl);

}  // namespace weir::bench
