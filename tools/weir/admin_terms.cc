#include "tools/weir/admin_terms.h"

#include <utility>

// Tested in tests/integration/admin_roles_test.py.
namespace weir {

bool AdminTerms::load(const admin::Settings& settings, config::Diagnostics& diagnostics) {
  loader_.certificates().rollBack();
  loaded_ = nullptr;
  if (!settings.tls || !settings.tls->origin.clean) return true;  // mistakes have been reported
  loaded_ = loader_.server(*settings.tls, {{"h2", "http/1.1"}, {}, handshakes_}, diagnostics);
  return loaded_ != nullptr;
}

void AdminTerms::commit() {
  loader_.certificates().commit();
  current_ = std::exchange(loaded_, nullptr);
}

}  // namespace weir
