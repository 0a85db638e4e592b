#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/http/client.h"
#include "core/net/address.h"
#include "mesh/register/settings.h"

namespace weir::mesh::registering {

// This node as others will find it.
struct Instance {
  std::string service;
  std::string id;
  net::Address address;
  std::uint32_t weight = 1;
  std::string zone;
  std::vector<std::pair<std::string, std::string>> metadata;

  friend bool operator==(const Instance&, const Instance&) = default;
};

// A registry, and one instance in it. One call at a time; a new one ends the one before without an
// answer.
class RegistryClient {
 public:
  enum class State : std::uint8_t {
    kDone,
    kLost,  // the registry does not know the instance
    kFailed,
  };
  struct Answer {
    State state = State::kDone;
    std::string why = {};  // of a failure
  };
  using Done = std::function<void(const Answer&)>;

  virtual ~RegistryClient() = default;
  // `done` is called once, never from within the call.
  virtual void add(Done done) = 0;
  virtual void renew(Done done) = 0;
  virtual void remove(Done done) = 0;
  // The time for which an instance is known after add() or renew().
  virtual Milliseconds ttl() const = 0;
};

std::unique_ptr<RegistryClient> makeEtcdRegistry(http::Client& client, NameId upstream,
                                                 const EtcdRegistrySettings& settings,
                                                 const Instance& instance);
std::unique_ptr<RegistryClient> makeConsulRegistry(http::Client& client, NameId upstream,
                                                   const ConsulRegistrySettings& settings,
                                                   const Instance& instance);

}  // namespace weir::mesh::registering
