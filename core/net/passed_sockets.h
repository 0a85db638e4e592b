#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/net/acceptor.h"
#include "core/net/address.h"

namespace weir::net {

// Listening sockets that a service manager has passed to the process (sd_listen_fds(3)). They stay
// open as long as this object, so that an address that was passed is never bound again: a listener
// gets duplicates.
class PassedSockets {
 public:
  // As LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say, which are removed.
  static PassedSockets ofProcess();
  // Takes over descriptors, of which the names are separated by colons.
  PassedSockets(const std::vector<int>& descriptors, std::string_view names);
  PassedSockets(PassedSockets&& other) noexcept;
  PassedSockets& operator=(PassedSockets&&) = delete;
  ~PassedSockets();

  // One socket for each of `workers`: of all that have the name of the listener or, if there are
  // none, of those with its address; a socket for all addresses of the machine fits every such
  // listener with its port. Empty if none was passed for the listener. More sockets
  // than workers are an error, because nobody would accept on some.
  Result<std::vector<ListenSocket>> open(std::string_view name, const Address& at,
                                         std::size_t workers);
  // Closes those that no listener has taken, and those that do not listen; returns a description
  // of each.
  std::vector<std::string> closeUnused();

 private:
  struct Entry {
    int descriptor;
    std::string name;
    Address address;
    bool listens;
    bool used = false;
  };
  std::vector<Entry*> find(std::string_view name, const Address& at);

  std::vector<Entry> entries_;
};

}  // namespace weir::net
