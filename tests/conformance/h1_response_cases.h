#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/conformance/h1_request_cases.h"

// The strictness corpus of HTTP/1.1, upstream side: what an upstream sends and what the client must
// see of it. Every case must have the same outcome however the bytes are cut into reads.
namespace weir::conformance {

// What the upstream does behind its bytes.
enum class After { kStaysOpen, kEnds, kBreaks };

enum class Seen {
  kWhole,       // the final response, complete
  kCutShort,    // its head and at most `body`, and that it is not complete
  kBadGateway,  // 502, and nothing of the upstream's final response
  kNothing,     // no final response so far, nothing is wrong
  kPart,        // its head and at most `body`; more may come
  kTunnel,      // 101, and then `body` as it is
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
  bool reusable = true;  // with kWhole: another request may use the connection
  std::vector<Field> trailers = {};
  std::vector<int> informational = {};  // the 1xx before the final response, also before a 502
  // The length that the client is told. nullopt: not looked at.
  std::optional<std::uint64_t> content_length = std::nullopt;
  std::string_view method = "GET";  // of the request
  std::string_view upgrade = {};    // that the request asks for
};

std::vector<ResponseCase> responseCases();  // all of them

// By topic; each in a file of its own.
const std::vector<ResponseCase>& responseHeadCases();
const std::vector<ResponseCase>& responseBodyCases();

}  // namespace weir::conformance
