#pragma once

#include <span>

#include "core/base/result.h"
#include "core/dns/answer.h"

namespace weir::dns {

inline constexpr int kSrvType = 33;  // RFC 2782

// Reads the SRV records of a DNS message. kNotFound if none of them names a target ("." is none,
// RFC 2782), kProtocol if the message is malformed.
Result<Services> parseSrvMessage(std::span<const unsigned char> message);

}  // namespace weir::dns
