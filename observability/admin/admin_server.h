#pragma once

#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/event/loop.h"
#include "core/net/acceptor.h"
#include "core/net/stream.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/settings.h"

namespace weir::admin {

class Connection;
class ConnectionEvents;
struct Shared;

// Serves the admin pages: metrics, health, what the process is doing, and the few things that can
// be asked of it.
//
// Thread: that of `loop`, the control thread. Not to be destroyed from within a call to the
// subject.
class AdminServer {
 public:
  AdminServer(event::Loop& loop, AdminBackend& subject);
  ~AdminServer();  // breaks what is open
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // From now on, and after each reload. Open connections stay, also when the address changes or
  // goes away. Fails when the address cannot be listened on; then nothing has changed.
  Result<void> configure(const Settings& settings);
  // Where it listens, with the port that was taken; null when it does not.
  const net::Address* address() const;

  // A connection that was accepted elsewhere, or a stream in memory.
  void serve(std::unique_ptr<net::Stream> stream);
  std::size_t connections() const { return connections_.size(); }

 private:
  class Closing;
  void onAccept(int descriptor);
  bool makeRoom();
  void remove(Connection& connection);

  std::unique_ptr<Shared> shared_;
  std::unique_ptr<ConnectionEvents> closing_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace weir::admin
