#pragma once

#include <string>

#include "core/base/log_limit.h"

struct ssl_session_st;

namespace weir::tls {

// The latest session with one endpoint, which the next connection to it can resume. Belongs to one
// worker.
class SessionStore {
 public:
  SessionStore() = default;
  ~SessionStore();
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;

  // Takes ownership of `session`, which is only for connections of this ClientConfig::scope().
  void keep(ssl_session_st* session, const std::string& scope);
  ssl_session_st* latest(const std::string& scope) const {
    return scope == scope_ ? session_ : nullptr;
  }
  // TLS 1.3 sessions are for single use: an observer could link connections that share one.
  void used();

  // Limits log lines about handshakes with the endpoint.
  log::Limit& log() { return log_; }

 private:
  void forget();

  ssl_session_st* session_ = nullptr;
  std::string scope_;
  log::Limit log_;
};

}  // namespace weir::tls
