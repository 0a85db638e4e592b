#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace weir::http {

// The protocol that the first bytes of a plaintext connection indicate.
enum class ProtocolGuess : std::uint8_t {
  kHttp,   // an HTTP/1 request line, or the HTTP/2 preface
  kOther,  // neither, whatever follows
  kMore,   // undecided: ask again with these and more bytes
};

// A first line too long for any other protocol counts as HTTP, which rejects it.
ProtocolGuess guessProtocol(Bytes bytes);

}  // namespace weir::http
