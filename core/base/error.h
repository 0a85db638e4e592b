#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// Who is to blame for a failure. Decides between a 4xx, a 502 and a 500.
enum class Origin : std::uint8_t { kDownstream, kUpstream, kLocal };

// What went wrong, in words that hold for every transport and every file.
enum class ErrorCode : std::uint8_t {
  kClosed,       // the peer ended the connection in good order
  kReset,        // the connection broke
  kRefused,      // nobody listens there
  kUnreachable,  // no route to the host
  kTimeout,
  kCancelled,
  kProtocol,        // the peer's bytes break the protocol
  kTooLarge,        // over a limit of ours
  kTargetTooLarge,  // a request target over our limit
  kNotImplemented,  // well-formed, but unknown to us: a method, a transfer coding
  kVersion,         // a version that we do not speak
  kExpectation,     // an Expect that we cannot meet
  kTls,             // no secured connection came about, or a record of it was forged
  kInvalid,         // a value of ours or of the configuration is not acceptable
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
