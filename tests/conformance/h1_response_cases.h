#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/conformance/h1_request_cases.h"

// The strictness corpus of HTTP/1.1, upstream side: the bytes of an upstream and the response that
// the client must receive. Every case must have the same outcome for every division of the bytes
// into reads.
namespace weir::conformance {

// The upstream's behavior after its bytes.
enum class After { kStaysOpen, kEnds, kBreaks };

enum class Seen {
  kWhole,       // the final response, complete
  kCutShort,    // its head and at most `body`, then an abort
  kBadGateway,  // 502, and no byte of the upstream's final response
  kNothing,     // no final response, valid so far
  kPart,        // its head and at most `body`; more may follow
  kTunnel,      // 101, then `body` unchanged
};

struct ResponseCase {
  std::string_view name;    // a true sentence; unique among responses
  std::string_view source;  // the section of the RFC, or the published attack
  std::string_view bytes;
  Seen seen = Seen::kWhole;
  int status = 200;
  std::vector<Field> headers = {};  // all end-to-end fields, in order; names in any case
  std::string_view body = {};
  After after = After::kStaysOpen;
  bool reusable = true;  // with kWhole: the connection can be reused
  std::vector<Field> trailers = {};
  std::vector<int> informational = {};  // the 1xx before the final response, also before a 502
  // The Content-Length at the client. nullopt: not checked.
  std::optional<std::uint64_t> content_length = std::nullopt;
  std::string_view method = "GET";  // of the request
  std::string_view upgrade = {};    // requested protocol
};

std::vector<ResponseCase> responseCases();  // all of them

// By topic, each in its own file.
const std::vector<ResponseCase>& responseHeadCases();
const std::vector<ResponseCase>& responseBodyCases();

}  // namespace weir::conformance
