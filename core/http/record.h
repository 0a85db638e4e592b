#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/reason.h"
#include "core/http/message.h"
#include "core/http/principal.h"

namespace weir::http {

// When an exchange reached its phases, relative to the first byte of its request. The upstream
// phases are those of the last attempt.
struct PhaseTimes {
  static constexpr Nanoseconds kNotReached{-1};

  Nanoseconds request_head = kNotReached;         // the request's head was complete
  Nanoseconds routed = kNotReached;               // request filters and routing were done
  Nanoseconds connected = kNotReached;            // a new or reused connection was available
  Nanoseconds request_sent = kNotReached;         // the request's last byte was sent upstream
  Nanoseconds upstream_first_byte = kNotReached;  // the response's head arrived
  Nanoseconds total = kNotReached;                // the response's last byte was sent downstream
};

inline constexpr std::string_view kTcpTransport = "TCP";
inline constexpr std::string_view kTlsTransport = "TLS";

// The data of a finished exchange. Texts are views valid only during AccessLog::log; an empty text
// means that there is none.
struct ExchangeRecord {
  Nanoseconds start{0};  // wall clock at the first byte of the request
  PhaseTimes times;

  Method method = Method::kGet;
  Version version = Version::kHttp11;
  bool has_query = false;
  bool trusted_peer = false;  // the peer is one of the listener's trusted proxies
  bool tls = false;           // the client's connection to weir is encrypted
  std::string_view method_text;
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;             // as received
  std::string_view normalized_path;  // before the route rewrites it; empty: the request was refused
  std::string_view query;            // without the "?"

  int status = 0;  // as sent downstream; 0: the client had gone before
  std::uint64_t request_body_bytes = 0;
  std::uint64_t response_body_bytes = 0;
  Reason reason = Reason::kNone;
  std::string_view reason_detail;  // in weir's words
  unsigned attempts = 0;           // sent upstream

  // Empty for an HTTP exchange; kTcpTransport for a raw TCP connection, all bytes of which count as
  // bodies; kTlsTransport for a connection whose TLS handshake failed. The latter two have no
  // request; their `authority` is the server name that the client requested.
  std::string_view transport;

  std::string_view client_address;   // without port, after the trusted-hop rules
  std::string_view client_identity;  // proved by its certificate
  // Of the client's certificate: its identity, else its first DNS name, else its subject.
  std::string_view client_subject;
  // The SHA-256 of the client's certificate, in hexadecimal.
  std::string_view client_certificate;
  std::string_view original_destination;  // of a redirected connection, with its port
  std::string_view server_name;           // that the client requested by TLS, in lower case
  std::string_view listener;
  std::uint16_t server_port = 0;  // at which the client's connection was directed; 0: none
  std::string_view route;
  std::string_view upstream;
  std::string_view endpoint;           // address of the last attempt
  std::string_view upstream_identity;  // of the last endpoint
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view grpc_status;  // a number, as it was sent
  std::string_view shadow;       // what policies in shadow mode would decide instead

  const Principal* principal = nullptr;  // null: nobody authenticated the caller

  // May be null if there was no such message. Referer and User-Agent are read from here.
  const Headers* request_headers = nullptr;
  const Headers* response_headers = nullptr;
};

// Receives the record of every finished exchange of one worker. Never blocks, never fails.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void log(const ExchangeRecord& record) = 0;
  // Passes on the lines that wait for a block to fill. Call it once a second.
  virtual void flush() = 0;
};

}  // namespace weir::http
