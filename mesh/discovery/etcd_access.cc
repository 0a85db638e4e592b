#include "mesh/discovery/etcd_access.h"

namespace weir::mesh {

void readEtcdAccess(config::Table& table, EtcdAccess& out, std::string_view prefix_meaning) {
  table.read("server", out.server,
             "Upstream of the etcd cluster, { upstream = \"NAME\" }, which must speak HTTP/2, or a "
             "URL, \"https://etcd.internal:2379\".",
             {.required = true});
  table.read("prefix", out.prefix, prefix_meaning,
             {.min_size = 1, .max_size = 1024, .required = true});
  table.read("user", out.user, "User name, if etcd requires authentication.");
  table.read("password", out.password, "Password of the user.");
  http::refusePath(table, "server", out.server);
  if (out.user.empty() != out.password.empty()) {
    table.fail(out.user.empty() ? "password" : "user", "needs both user and password");
  }
}

etcd::Session::Options sessionOptions(const EtcdAccess& access, NameId upstream) {
  return {upstream, access.server.authority(), access.user, access.password.reveal()};
}

}  // namespace weir::mesh
