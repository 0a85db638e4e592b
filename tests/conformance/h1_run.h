#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/h1_request_cases.h"
#include "tests/conformance/h1_response_cases.h"

// Runs cases of the corpus through both codecs, with recorders in place of the upstream and the
// client, and compares the output with the expected outcome.
namespace weir::conformance {

// The reads in which `bytes` arrive.
using Pieces = std::vector<std::string_view>;
Pieces whole(std::string_view bytes);
Pieces byteByByte(std::string_view bytes);
Pieces cutAt(std::string_view bytes, std::size_t position);

// All positions of a text of ordinary size; in a long one those near both ends and some between.
std::vector<std::size_t> cutPositions(std::size_t size);

// When the upstream answers a complete request.
enum class Timing { kAtOnce, kAfterEachRead, kAtTheEnd };

// Empty if the outcome matches the case, otherwise the difference.
std::string mismatch(const RequestCase& each, const Pieces& pieces, Timing timing);
std::string mismatch(const ResponseCase& each, const Pieces& pieces);

}  // namespace weir::conformance
