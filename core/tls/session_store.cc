#include "core/tls/session_store.h"

#include <openssl/ssl.h>
#include <utility>

namespace weir::tls {

SessionStore::~SessionStore() { forget(); }

void SessionStore::forget() {
  SSL_SESSION_free(std::exchange(session_, nullptr));  // null is allowed
}

void SessionStore::keep(ssl_session_st* session, const std::string& scope) {
  forget();
  session_ = session;
  scope_ = scope;
}

void SessionStore::used() {
  if (session_ != nullptr && SSL_SESSION_should_be_single_use(session_) == 1) forget();
}

}  // namespace weir::tls
