#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/net/peer_owner.h"
#include "core/net/security.h"
#include "core/tls/san_matcher.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/settings.h"

namespace weir::admin {

// What a client may do; each includes those before it.
enum class Role : std::uint8_t {
  kNone,     // ask whether the process is alive and ready
  kView,     // read the pages
  kOperate,  // change the state of the process, and see the requests of its clients
};

// The client of a connection, as far as the kernel and TLS know it.
struct Caller {
  std::optional<std::uint32_t> unix_user = {};  // over a Unix socket
  std::optional<net::TcpEnds> ends = {};        // over TCP
  const net::Security* security = nullptr;      // null: plaintext
};

// Decides which clients have which role.
//
// Without settings, every client views, and the processes on this machine that run as root or as
// the user of this process operate. Forwarded requests are nobody's own: a proxy of the same user
// must not lend its rights to its clients.
class Access {
 public:
  explicit Access(const Settings& settings);

  // The caller in words if it has the role, such as "user 0"; nullopt if it has not.
  std::optional<std::string> admit(Role needed, const Caller& caller,
                                   const http::Headers& headers) const;
  // The reply to a client without the role.
  PageReply refusal(Role needed) const;

 private:
  // The clients that a rule names.
  struct Members {
    explicit Members(const AccessRule& rule);
    std::optional<std::string> admit(const Caller& caller, const http::Headers& headers) const;

    std::vector<std::uint32_t> users;
    std::vector<std::string>
        tokens;  // their SHA-256: comparing takes the same time for all guesses
    tls::SanMatcher identities;
  };

  std::optional<std::string> admitOperator(const Caller& caller,
                                           const http::Headers& headers) const;
  bool takesTokens(Role needed) const;

  std::optional<Members> viewers_;
  std::optional<Members> operators_;
};

}  // namespace weir::admin
