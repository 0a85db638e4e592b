#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/h1_request_cases.h"
#include "tests/conformance/h1_response_cases.h"

// Runs cases of the corpus over both codecs, with a recorder in the upstream's and in the client's
// place, and compares what came out with what the case says.
namespace weir::conformance {

// The reads that `bytes` arrive in.
using Pieces = std::vector<std::string_view>;
Pieces whole(std::string_view bytes);
Pieces byteByByte(std::string_view bytes);
Pieces cutAt(std::string_view bytes, std::size_t position);

// Every position of a text of ordinary size; of a long one those near both ends and some between.
std::vector<std::size_t> cutPositions(std::size_t size);

// When the upstream answers a request that reached it whole.
enum class Timing { kAtOnce, kAfterEachRead, kAtTheEnd };

// Empty when everything is as the case says, else what is not.
std::string mismatch(const RequestCase& each, const Pieces& pieces, Timing timing);
std::string mismatch(const ResponseCase& each, const Pieces& pieces);

}  // namespace weir::conformance
