#include "core/server/tcp_plan.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/config/suggestion.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kIdleTimeout = 1h;

// Reads what one listener says, and records what is wrong with it.
class TcpReader {
 public:
  TcpReader(const ListenerSettings& settings, const TcpReferences& references,
            proxy::ListenerPlan& plan, config::Mistakes& mistakes)
      : settings_(settings), references_(references), plan_(plan), mistakes_(mistakes) {}

  void readUpstream();
  void readRules();

 private:
  void fail(const config::Place& place, std::string path, std::string what,
            std::string_view suggestion = "") {
    mistakes_.add(
        {place, settings_.path + "." + std::move(path), std::move(what), std::string(suggestion)});
  }
  NameId upstream(const route::PlacedText& name, const std::string& path);
  bool onlyPasses() const;

  const ListenerSettings& settings_;
  const TcpReferences& references_;
  proxy::ListenerPlan& plan_;
  config::Mistakes& mistakes_;
};

NameId TcpReader::upstream(const route::PlacedText& name, const std::string& path) {
  std::vector<std::string_view> known;
  for (const auto& [each, settings] : references_.upstreams) {
    known.push_back(each);
    if (each != name.text) continue;
    if (settings.proxy_protocol != net::ProxyVersion::kNone) plan_.tells_server = true;
    return references_.names.intern(each);
  }
  fail(name.place, path, "unknown upstream \"" + name.text + "\"",
       config::closestWord(name.text, known));
  return 0;
}

// Rules decide on all TLS, and there is no other way in.
bool TcpReader::onlyPasses() const { return !settings_.tls && !settings_.tls_rules.empty(); }

void TcpReader::readUpstream() {
  plan_.tcp = settings_.protocol == ListenerProtocol::kTcp;
  if (settings_.upstream) plan_.upstream = upstream(*settings_.upstream, "upstream");
  if (plan_.tcp && !settings_.upstream && !onlyPasses()) {
    fail(settings_.place, "protocol", "tcp needs an upstream that connections go to");
  }
  if (settings_.upstream && !plan_.tcp && settings_.protocol != ListenerProtocol::kAuto) {
    fail(settings_.upstream->place, "upstream", "goes with protocol auto or tcp only");
  }
}

void TcpReader::readRules() {
  for (std::size_t i = 0; i < settings_.tls_rules.size(); ++i) {
    const TlsRuleSettings& each = settings_.tls_rules[i];
    const std::string path = "tls_rule[" + std::to_string(i) + "]";
    proxy::TlsRule rule{each.server_names, each.alpn, each.action};
    if (each.upstream) rule.upstream = upstream(*each.upstream, path + ".upstream");
    if (each.action == proxy::TlsRule::Action::kTerminate && !settings_.tls) {
      fail(each.place, path + ".action", "terminate needs tls of the listener");
    }
    plan_.tls_rules.push_back(std::move(rule));
  }
}

}  // namespace

std::optional<http::VersionChoice> versionsOf(ListenerProtocol protocol) {
  switch (protocol) {
    case ListenerProtocol::kAuto:
      return http::VersionChoice::kAuto;
    case ListenerProtocol::kHttp1:
      return http::VersionChoice::kHttp1;
    case ListenerProtocol::kHttp2:
      return http::VersionChoice::kHttp2;
    case ListenerProtocol::kTcp:
      break;
  }
  return std::nullopt;
}

void addTcp(const ListenerSettings& settings, const TcpReferences& references,
            proxy::ListenerPlan& plan, config::Mistakes& mistakes) {
  TcpReader reader(settings, references, plan, mistakes);
  reader.readUpstream();
  reader.readRules();
  plan.tcp_idle_timeout = settings.idle_timeout.value_or(kIdleTimeout);
  plan.allow_clear = settings.tls && settings.tls->clear == ClearText::kAllow;
  plan.hello_timeout =
      settings.tls ? settings.tls->handshake_timeout : settings.proxy_protocol_timeout;
}

bool isCarriedTo(const proxy::Plan& plan, NameId upstream) {
  const auto leads_there = [upstream](const auto& each) { return each.upstream == upstream; };
  return std::any_of(plan.listeners.begin(), plan.listeners.end(), [&](const auto& listener) {
    return leads_there(*listener) ||
           std::any_of(listener->tls_rules.begin(), listener->tls_rules.end(), leads_there);
  });
}

std::shared_ptr<const tls::ClientTerms> withoutProtocols(const tls::ClientTerms& terms) {
  tls::ClientOptions options = terms.options();
  options.protocols.clear();
  return std::make_shared<const tls::ClientTerms>(std::move(options));
}

void checkRoutes(const Settings& settings, config::Mistakes& mistakes) {
  std::set<std::string_view> telling;  // of the client that a connection is from
  for (const auto& [name, upstream] : settings.upstreams) {
    if (upstream.proxy_protocol != net::ProxyVersion::kNone) telling.insert(name);
  }
  std::size_t index = 0;
  const auto check = [&](const route::PlacedText& name) {
    if (!telling.contains(name.text)) return;
    mistakes.add({name.place,
                  "route[" + std::to_string(index) + "].upstream",
                  "connections to \"" + name.text +
                      "\" name a client by proxy_protocol, but requests of many would share them",
                  {}});
  };
  for (const route::RouteSettings& route : settings.routes) {
    if (route.upstream) check(*route.upstream);
    for (const auto& each : route.split) check(each.upstream);
    for (const auto& each : route.mirror) check(each.upstream);
    ++index;
  }
}

}  // namespace weir::server
