#pragma once

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

namespace weir::bench {

// TLS of the load generator's connections.
//
// Certificates are not checked: that would cost on the load's core and tell nothing about a proxy.
// The exchange of keys is always X25519, so that every proxy does the same work.
class TlsClient {
 public:
  // `version` is "1.2" or "1.3". `resume`: connections after the first resume its session.
  TlsClient(std::string_view version, std::string server_name, bool resume);

  // TLS over a connected socket that does not block.
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
