#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/net/address.h"
#include "core/proxy/interception.h"
#include "core/proxy/plan.h"
#include "core/upstream/cluster_set.h"

namespace weir::proxy {

// What one worker knows about the original destinations of redirected connections.
class Destinations {
 public:
  // The protocol that a destination used before.
  enum class Protocol : std::uint8_t {
    kUnknown,
    kHttp,
    kServerFirst,  // not HTTP: the server sends first
  };
  static constexpr std::size_t kMostKnown = 4096;
  static constexpr Milliseconds kKnownFor{3'600'000};

  explicit Destinations(upstream::ClusterSet& clusters) : clusters_(clusters) {}

  struct Owner {
    const upstream::ClusterPlan* cluster = nullptr;  // null: no upstream has the address
    Resolution resolution = Resolution::kPassthrough;
  };
  // What a connection to this destination means.
  Interception resolve(const net::Address& destination, OriginalUse use, const Plan& plan);
  // The upstream with an endpoint at this address, else the one with this virtual address. Looks
  // into each cluster, unless the last answer for the address is still true.
  Owner ownerOf(const net::Address& destination, const Plan& plan);

  Protocol protocolOf(const net::Address& destination, Milliseconds now) const;
  void learn(const net::Address& destination, Protocol protocol, Milliseconds now);
  std::size_t known() const { return known_.size(); }

 private:
  struct Known {
    Protocol protocol = Protocol::kUnknown;
    Milliseconds until{0};
  };
  const upstream::ClusterPlan* listing(const net::Address& destination, NameId cluster,
                                       const Plan& plan);

  upstream::ClusterSet& clusters_;
  std::unordered_map<net::Address, Known, upstream::AddressHash> known_;
  std::unordered_map<net::Address, NameId, upstream::AddressHash> owners_;  // at most kMostKnown
};

}  // namespace weir::proxy
