#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// The side that caused a failure. Decides between a 4xx, a 502 and a 500.
enum class Origin : std::uint8_t { kDownstream, kUpstream, kLocal };

// The kind of a failure, independent of the transport and the file.
enum class ErrorCode : std::uint8_t {
  kClosed,       // the peer closed the connection cleanly
  kReset,        // the connection was aborted
  kRefused,      // no listener at the address
  kUnreachable,  // no route to the host
  kTimeout,
  kCancelled,
  kProtocol,        // the peer violated the protocol
  kTooLarge,        // exceeds a limit of weir
  kTargetTooLarge,  // a request target over the limit
  kNotImplemented,  // well-formed but not supported: a method, a transfer coding
  kVersion,         // an unsupported protocol version
  kExpectation,     // an expectation that weir cannot meet
  kTls,             // the handshake failed, or a record was forged
  kRevoked,         // the peer of an open connection is no longer trusted
  kInvalid,         // an invalid value in weir or the configuration
  kNotFound,
  kExhausted,  // out of descriptors, memory or slots
  kSystem,     // any other failure of the operating system
};

// A failure. `detail` is static text, so that failing never allocates.
struct Error {
  ErrorCode code = ErrorCode::kSystem;
  Origin origin = Origin::kLocal;
  std::string_view detail;
};

std::string_view toString(ErrorCode code);

}  // namespace weir
