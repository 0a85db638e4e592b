#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/base/names.h"
#include "core/net/address.h"
#include "core/upstream/endpoint.h"

namespace weir::upstream {

// "10.96.0.10:80", or "10.96.0.10" for all ports, which is port 0. nullopt for anything else.
std::optional<net::Address> parseVirtualAddress(std::string_view text);

// The upstreams by their virtual addresses (`addresses`).
class VirtualAddresses {
 public:
  // False if another upstream has the address already.
  bool add(const net::Address& address, NameId upstream) {
    return owners_.emplace(address, upstream).first->second == upstream;
  }
  // An address with its port precedes one for all ports. 0: no upstream has it.
  NameId ownerOf(const net::Address& destination) const;

 private:
  std::unordered_map<net::Address, NameId, AddressHash> owners_;
};

}  // namespace weir::upstream
