#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/tls/workload_identity.h"

// The messages of the SPIFFE Workload API that weir reads (workloadapi.proto). Their texts are
// views of the message.
namespace weir::mesh::workload {

inline constexpr std::size_t kMostSvids = 64;
inline constexpr std::size_t kMostBundles = 256;  // federated ones
inline constexpr std::size_t kMostRevocations = 256;

// X509SVID
struct Svid {
  std::string_view id;
  std::string_view chain;  // certificates in DER, one after the other, the leaf first
  std::string_view key;    // PKCS #8
  std::string_view bundle;
  std::string_view hint;
};

// X509SVIDResponse
struct SvidResponse {
  std::vector<Svid> svids;
  std::vector<std::string_view> revocations;
  std::vector<std::pair<std::string_view, std::string_view>> federated;  // trust domain, bundle
};

// nullopt, with the reason in `why`, if the message is malformed, over a limit, or lacks a
// mandatory field: it must not be used.
std::optional<SvidResponse> readSvidResponse(std::string_view message, std::string& why);

// Which of several identities is used: that with the id, else the first one with the hint; the
// first one if neither is given.
struct SvidChoice {
  std::string id;
  std::string hint;
};
const Svid* choose(const SvidResponse& response, const SvidChoice& choice);

// The identity with everything that the message says about trust. Null, with the reason in `why`,
// if it cannot be used.
std::shared_ptr<const tls::WorkloadIdentity> identityOf(const SvidResponse& response,
                                                        const Svid& chosen, std::string& why);

}  // namespace weir::mesh::workload
