#pragma once

#include <cstddef>
#include <span>

#include "core/http/record.h"
#include "core/proxy/tap.h"

namespace weir::tap {

inline constexpr std::size_t kMostLine = 16 * 1024;

// Writes an exchange and its steps as one JSON object, without a line feed. Credentials and secrets
// in headers and the query are replaced. If there is no room for the headers, they are left out.
// Returns the size; 0: there is not enough room at all.
std::size_t writeLine(const proxy::ExchangeSteps& steps, const http::ExchangeRecord& record,
                      bool headers, std::span<char> room);

}  // namespace weir::tap
