#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace weir::mesh::intercept {

// The traffic that the system redirects to a sidecar.
struct RuleOptions {
  std::string table = "weir";      // of the family inet
  std::uint16_t inbound = 15006;   // port of the inbound listener; 0: inbound is left alone
  std::uint16_t outbound = 15001;  // port of the outbound listener; 0: outbound is left alone
  // Whose outbound connections are redirected; none of the two: those of all users but weir's.
  std::optional<std::uint32_t> application_user;
  std::string cgroup;  // of cgroup v2, "system.slice/orders.service": those of this service
  std::optional<std::uint32_t> weir_user;   // whose connections are left alone
  std::vector<std::uint16_t> ports;         // inbound ports that are redirected; empty: all
  std::vector<std::uint16_t> skip_inbound;  // ports that are left alone
  std::vector<std::uint16_t> skip_outbound;
};

// The input of `nft -f -` that replaces the table, in one transaction. kInvalid, with the reason as
// its detail, for options that contradict each other and for names that could be anything else than
// a name in the language of nft.
Result<std::string> rulesFor(const RuleOptions& options);

// The input that removes the table, whether it exists or not.
Result<std::string> removalOf(std::string_view table);

// The word of rulesFor() by which an existing table is recognised; the same options have the same.
std::string markOf(const RuleOptions& options);

}  // namespace weir::mesh::intercept
