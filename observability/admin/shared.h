#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "core/event/loop.h"
#include "core/http/server_connection.h"
#include "core/tls/server_config.h"
#include "observability/admin/access.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/settings.h"

namespace weir::admin {

class Exchange;

// The exchanges that wait for an answer. An answer after the end of its exchange is discarded.
class PendingReplies {
 public:
  using Ticket = std::uint64_t;

  Ticket take(Exchange& exchange);
  void giveBack(Ticket ticket) { waiting_.erase(ticket); }
  void deliver(Ticket ticket, PageReply reply);

 private:
  std::map<Ticket, Exchange*> waiting_;
  Ticket latest_ = 0;
};

// The state that all connections of the server share.
struct Shared {
  // Maximum size of replies not yet sent; above it, further requests are rejected.
  static constexpr std::size_t kMaxUnsent = 64 * 1024 * 1024;

  event::Loop& loop;
  AdminBackend& subject;
  Settings settings;
  Access access{settings};
  std::shared_ptr<const tls::ServerConfig> tls = {};  // null: plaintext
  http::ServerTerms terms = {};
  PendingReplies tickets = {};
  std::size_t unsent_bytes = 0;  // of the replies being sent
  std::size_t streams = 0;       // replies that go on until the client leaves
};

}  // namespace weir::admin
