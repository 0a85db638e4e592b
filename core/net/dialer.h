#pragma once

#include <cstddef>
#include <memory>

#include "core/base/names.h"
#include "core/base/result.h"
#include "core/net/address.h"
#include "core/net/stream.h"

namespace weir::net {

// Connects to endpoints of upstreams for a protocol other than HTTP, such as Redis or DNS over
// TLS. Implemented by upstream::Client.
//
// Thread: that of the loop.
class Dialer {
 public:
  virtual ~Dialer() = default;
  // As Connector::connect(): onConnected or onBroken follows, within the upstream's
  // connect_timeout. With TLS if the upstream has it. The connection counts towards the limits of
  // the upstream until the stream is destroyed; the dialer outlives the stream. Fails at once with
  // kNotFound if there is no such upstream or no endpoint, and with kExhausted at the limit of
  // connections.
  virtual Result<std::unique_ptr<Stream>> dial(NameId upstream) = 0;
  // The same, to a given address instead of one of the upstream's endpoints: to a server that an
  // endpoint has named.
  virtual Result<std::unique_ptr<Stream>> dial(NameId upstream, const Address& to) = 0;
  // Number of the upstream's endpoints, without those that are about to leave. 0: none, or not
  // known yet.
  virtual std::size_t endpoints(NameId upstream) = 0;
};

}  // namespace weir::net
