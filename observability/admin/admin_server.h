#pragma once

#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/event/loop.h"
#include "core/net/acceptor.h"
#include "core/net/stream.h"
#include "core/tls/server_config.h"
#include "observability/admin/access.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/settings.h"

namespace weir::admin {

struct Shared;

// Serves the admin pages: metrics, health, the state of the process, and a few actions.
//
// Thread: that of `loop`, the control thread. Must not be destroyed within a call to the backend.
class AdminServer {
 public:
  AdminServer(event::Loop& loop, AdminBackend& subject);
  ~AdminServer();  // aborts open connections
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Applies the settings at the start and after each reload. Open connections stay, even if the
  // address changes or is removed. Fails if the address cannot be bound; then nothing has changed.
  // `tls`: made from the settings; null: plaintext.
  Result<void> configure(const Settings& settings,
                         std::shared_ptr<const tls::ServerConfig> tls = nullptr);
  // The address with the actual port; null if there is none.
  const net::Address* address() const;
  // Changes the owner of the socket, if there is one. False, with errno set, on failure.
  bool giveTo(unsigned user, unsigned group) const;

  // Serves a connection accepted elsewhere, or a stream in memory.
  void serve(std::unique_ptr<net::Stream> stream, const Caller& caller);
  std::size_t connections() const { return connections_.size(); }

 private:
  class Connection;
  void apply(const Settings& settings, std::shared_ptr<const tls::ServerConfig> tls);
  void onAccept(int descriptor, const net::Address& peer);
  bool makeRoom();
  void remove(Connection& connection);

  std::unique_ptr<Shared> shared_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace weir::admin
