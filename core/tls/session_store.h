#pragma once

#include <memory>

struct ssl_session_st;

namespace weir::tls {

// The latest session with one endpoint, so that the next connection to it can resume it. One
// worker's.
class SessionStore {
 public:
  SessionStore() = default;
  ~SessionStore();
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;

  void keep(ssl_session_st* session);  // which becomes ours
  ssl_session_st* latest() const { return session_; }
  // TLS 1.3 sessions are for one use: two connections with the same one could be told apart.
  void used();

 private:
  ssl_session_st* session_ = nullptr;
};

}  // namespace weir::tls
