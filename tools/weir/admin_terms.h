#pragma once

#include <memory>

#include "core/config/diagnostics.h"
#include "core/event/shared_count.h"
#include "core/tls/terms_loader.h"
#include "observability/admin/settings.h"

namespace weir {

// The TLS terms of the admin interface. Its certificates are read again by each reload.
//
// Thread: the control thread.
class AdminTerms {
 public:
  // Reads the files of the settings. False, with every mistake recorded, if one cannot be used;
  // the terms in use remain.
  bool load(const admin::Settings& settings, config::Diagnostics& diagnostics);
  void commit();  // the loaded terms are in use from now on
  // Null: plaintext.
  const std::shared_ptr<const tls::ServerConfig>& current() const { return current_; }
  tls::Refreshes takeRefreshes() { return loader_.certificates().takeRefreshes(); }

 private:
  tls::TermsLoader loader_;
  event::SharedCount handshakes_;  // in progress
  std::shared_ptr<const tls::ServerConfig> loaded_;
  std::shared_ptr<const tls::ServerConfig> current_;
};

}  // namespace weir
