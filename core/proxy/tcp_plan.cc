#include "core/proxy/tcp_plan.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/config/suggestion.h"
#include "core/route/settings.h"

namespace weir::proxy {
namespace {

// Reads the TCP settings of one listener, and reports errors in them.
class TcpReader {
 public:
  TcpReader(const TcpReferences& references, ListenerPlan& plan, config::Diagnostics& diagnostics)
      : references_(references), plan_(plan), diagnostics_(diagnostics) {}

  void readUpstream();
  void readRules();

 private:
  void fail(const config::Location& location, std::string path, std::string what,
            std::string_view suggestion = "") {
    diagnostics_.add({location, plan_.origin.path + "." + std::move(path), std::move(what),
                      std::string(suggestion)});
  }
  NameId upstream(const route::PlacedText& name, const std::string& path);
  bool onlyPasses() const;

  const TcpReferences& references_;
  ListenerPlan& plan_;
  config::Diagnostics& diagnostics_;
};

NameId TcpReader::upstream(const route::PlacedText& name, const std::string& path) {
  std::vector<std::string_view> known;
  for (const auto& [each, settings] : references_.upstreams) {
    known.push_back(each);
    if (each != name.text) continue;
    if (settings.proxy_protocol != net::ProxyVersion::kNone) plan_.tells_server = true;
    return references_.names.intern(each);
  }
  fail(name.location, path, "unknown upstream \"" + name.text + "\"",
       config::closestWord(name.text, known));
  return 0;
}

// True if rules decide on all TLS connections and no other connections are accepted.
bool TcpReader::onlyPasses() const { return !plan_.tls_options && !plan_.tls_rules.empty(); }

void TcpReader::readUpstream() {
  const auto& name = plan_.upstream_name;
  if (name) plan_.upstream = upstream(*name, "upstream");
  if (plan_.tcp && !name && !onlyPasses()) {
    fail(plan_.origin.location, "protocol",
         "tcp needs an upstream to which connections are proxied");
  }
  if (name && !plan_.tcp && plan_.protocol != ListenerProtocol::kAuto) {
    fail(name->location, "upstream", "needs protocol auto or tcp");
  }
}

void TcpReader::readRules() {
  for (std::size_t i = 0; i < plan_.tls_rules.size(); ++i) {
    TlsRule& rule = plan_.tls_rules[i];
    const std::string path = "tls_rule[" + std::to_string(i) + "]";
    if (rule.upstream_name) rule.upstream = upstream(*rule.upstream_name, path + ".upstream");
    if (rule.action == TlsRule::Action::kTerminate && !plan_.tls_options) {
      fail(rule.origin.location, path + ".action", "terminate needs tls on the listener");
    }
  }
}

}  // namespace

void addTcp(const TcpReferences& references, ListenerPlan& plan, config::Diagnostics& diagnostics) {
  TcpReader reader(references, plan, diagnostics);
  reader.readUpstream();
  reader.readRules();
}

void checkRoutes(const std::vector<route::RouteSettings>& routes, const NamedUpstreams& upstreams,
                 config::Diagnostics& diagnostics) {
  std::set<std::string_view> telling;  // those that receive the client's address
  for (const auto& [name, upstream] : upstreams) {
    if (upstream.proxy_protocol != net::ProxyVersion::kNone) telling.insert(name);
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    for (const route::PlacedText* name : routes[i].upstreams()) {
      if (!telling.contains(name->text)) continue;
      diagnostics.add({name->location,
                       "route[" + std::to_string(i) + "].upstream",
                       "connections to \"" + name->text +
                           "\" carry the address of one client by proxy_protocol, but requests of "
                           "many clients would share them",
                       {}});
    }
  }
}

}  // namespace weir::proxy
