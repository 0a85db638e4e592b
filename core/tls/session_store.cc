#include "core/tls/session_store.h"

#include <openssl/ssl.h>
#include <utility>

namespace weir::tls {

SessionStore::~SessionStore() { keep(nullptr); }

void SessionStore::keep(ssl_session_st* session) {
  SSL_SESSION_free(std::exchange(session_, session));  // of null: nothing
}

void SessionStore::used() {
  if (session_ != nullptr && SSL_SESSION_should_be_single_use(session_) == 1) keep(nullptr);
}

}  // namespace weir::tls
