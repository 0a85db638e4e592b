#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace weir::http {

// What the first bytes of a connection in the clear say.
enum class ProtocolGuess : std::uint8_t {
  kHttp,   // a request line of HTTP/1, or the preface of HTTP/2
  kOther,  // neither, whatever follows
  kMore,   // too little to tell: ask again with these and more bytes
};

// A first line that is longer than any of another protocol is taken for HTTP, which refuses it.
ProtocolGuess guessProtocol(Bytes bytes);

}  // namespace weir::http
