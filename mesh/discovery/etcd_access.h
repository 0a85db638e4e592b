#pragma once

#include <string>
#include <string_view>

#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/http/target.h"
#include "mesh/discovery/etcd_session.h"

namespace weir::mesh {

// The settings of an etcd cluster and of the keys in it: of discovery and of registration.
struct EtcdAccess {
  http::Target server;
  std::string prefix;
  std::string user;
  config::Secret password;

  friend bool operator==(const EtcdAccess&, const EtcdAccess&) = default;
};

// `prefix_meaning`: of the setting `prefix`, for the reference.
void readEtcdAccess(config::Table& table, EtcdAccess& out, std::string_view prefix_meaning);

etcd::Session::Options sessionOptions(const EtcdAccess& access, NameId upstream);

}  // namespace weir::mesh
