#include "tests/core/proxy/fixture.h"

#include <algorithm>

#include "core/authz/filter.h"
#include "core/config/diagnostics.h"
#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/filter/chain_builder.h"
#include "core/route/compile.h"

namespace weir::proxy {
namespace {

using test::MemoryStream;
using test::StreamPeer;

struct RouteTables {
  std::vector<route::RouteSettings> routes;
  static void read(config::Table& table, RouteTables& out) {
    table.read("route", out.routes, "Routes.");
  }
};

struct ListenerParts {
  std::vector<filter::FilterSetting> filters;
  std::vector<filter::FilterSetting> filters_without_route;
  route::HeaderRulesSettings request_headers;
  route::HeaderRulesSettings response_headers;
  static void read(config::Table& table, ListenerParts& out) {
    table.read("filters", out.filters, table.kinds("filter"), "Before routing.");
    table.read("filters_without_route", out.filters_without_route, table.kinds("filter"), "Late.");
    table.read("request_headers", out.request_headers, "Of requests.");
    table.read("response_headers", out.response_headers, "Of responses.");
  }
};

// The first endpoint that was not tried, in the order of discovery.
class InOrder final : public upstream::Balancer {
 public:
  static std::unique_ptr<upstream::Balancer> make(const upstream::BalancerTools&) {
    return std::make_unique<InOrder>();
  }

 private:
  void setMembers(std::span<upstream::Member* const> members) override {
    members_.assign(members.begin(), members.end());
  }
  upstream::Member* pick(const upstream::Pick& pick) override {
    const upstream::Tried tried = pick.tried;
    if (members_.empty()) return nullptr;
    const auto fresh = std::find_if(members_.begin(), members_.end(), [&](auto* member) {
      return std::find(tried.begin(), tried.end(), member) == tried.end();
    });
    return fresh == members_.end() ? members_.front() : *fresh;
  }

  std::vector<upstream::Member*> members_;
};

class Given final : public upstream::DiscoverySource {
 public:
  Given(upstream::SharedEndpoints endpoints, std::optional<upstream::OriginalEndpoint> original)
      : endpoints_(std::move(endpoints)), original_(std::move(original)) {}

 private:
  std::string identity() const override { return "given"; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return nullptr;
  }
  upstream::SharedEndpoints known() const override { return endpoints_; }
  const upstream::OriginalEndpoint* original() const override {
    return original_ ? &*original_ : nullptr;
  }

  const upstream::SharedEndpoints endpoints_;
  const std::optional<upstream::OriginalEndpoint> original_;
};

upstream::SharedEndpoints endpointsAt(const std::optional<std::vector<std::string>>& addresses) {
  if (!addresses) return nullptr;
  upstream::EndpointSet set;
  for (const std::string& address : *addresses) {
    set.endpoints.push_back({net::Address::parse(address).value(), 1, {}});
  }
  return std::make_shared<const upstream::EndpointSet>(std::move(set));
}

}  // namespace

void RecordingLog::log(const http::ExchangeRecord& record) {
  lines.push_back({record.status, record.reason, record.attempts,
                   std::string(record.client_address), std::string(record.route),
                   std::string(record.upstream), std::string(record.endpoint),
                   std::string(record.original_destination), std::string(record.path),
                   std::string(record.reason_detail), std::string(record.shadow),
                   record.request_body_bytes, record.response_body_bytes});
}

::testing::Matcher<const std::string&> isLocalReply(int status, std::string_view reason) {
  const std::string code = std::to_string(status);
  const std::string word(reason);
  return ::testing::AllOf(
      ::testing::StartsWith("HTTP/1.1 " + code + " "),
      ::testing::HasSubstr("\r\nx-weir-reason: " + word + "\r\n"),
      ::testing::HasSubstr("\r\n\r\n{\"status\":" + code + ",\"reason\":\"" + word + "\""),
      ::testing::EndsWith("\"}\n"));
}

ProxyTest::ProxyTest()
    : connector(loop, [this](std::unique_ptr<MemoryStream> peer, const net::Address& to) {
        arrivals.push_back({to, std::make_unique<StreamPeer>(std::move(peer))});
        arrivals.back().peer->script = [this](StreamPeer& upstream) {
          if (on_upstream) on_upstream(upstream);
        };
      }) {
  listener_plan.name = "public";
  listener_plan.header_timeout = Milliseconds(0);
  listener_plan.idle_timeout = Milliseconds(0);
  listener_plan.merge_slashes = false;
  listener_plan.reason_header = true;
  defaults.retry.attempts = 0;
}

ProxyTest::~ProxyTest() {
  if (listener != nullptr) listener->closeAll();
  clients.clear();
  turn();
  shared_parts_.clear();
  // Everything is released, whatever a test did.
  EXPECT_EQ(listener_count.value(), 0U);
  if (engine != nullptr) {
    EXPECT_EQ(engine->exchangesInFlight(), 0U);
  }
  listener = nullptr;
  engine = nullptr;
  EXPECT_EQ(upstream_count.value(), 0U);
  arrivals.clear();
  turn();
}

std::shared_ptr<const upstream::ClusterPlan> ProxyTest::clusterPlan(const std::string& name) {
  auto plan = std::make_shared<upstream::ClusterPlan>();
  plan->id = names.intern(name);
  plan->name = names.name(plan->id);
  plan->options = options;
  plan->balancer = &InOrder::make;
  const auto original = originals.find(name);
  plan->discovery = std::make_shared<const Given>(
      endpointsAt(clusters.at(name)),
      original == originals.end() ? std::nullopt : std::optional(original->second));
  plan->connections = &upstream_count;
  plan->counts = &counts;
  plan->retry_tokens = &retry_tokens;
  return plan;
}

void ProxyTest::start(std::string_view routes) {
  config::Diagnostics diagnostics;
  RouteTables settings;
  auto document = config::Document::parse(routes, "test.toml", diagnostics);
  config::readSettings(document, extensions, settings, diagnostics);

  auto plan = std::make_shared<Plan>();
  plan->generation = plans_.size() + 1;
  std::vector<std::string> upstreams;
  std::vector<upstream::SharedClusterPlan> made;
  for (const auto& [name, endpoints] : clusters) {
    upstreams.push_back(name);
    made.push_back(clusterPlan(name));
  }
  plan->clusters = upstream::ClusterPlans(std::move(made));
  for (const auto& [address, upstream] : virtual_addresses) {
    plan->virtual_addresses.add(upstream::parseVirtualAddress(address).value(), id(upstream));
  }
  plan->routes = route::compileRoutes(settings.routes, {names, upstreams, {"public"}}, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  filter::References references(upstreams, names);
  filter::ChainBuilder chains(kept_filters, references, names);
  for (const auto& each : settings.routes) {
    plan->chains.push_back(chains.chain(each.filters, diagnostics));
  }
  addListenerParts(chains, diagnostics);
  plan->lasting_filters = chains.lasting();
  plan->filter_fields = chains.requestFields();
  plan->longest_chain = chains.longest();
  plan->defaults = defaults;
  listener_plan.id = names.intern(listener_plan.name);
  auto shared = std::make_shared<const ListenerPlan>(listener_plan);
  plan->listeners.push_back(shared);
  plans_.push_back(plan);
  if (engine == nullptr) {
    engine = std::make_unique<Engine>(
        Engine::Tools{loop, *connector_used, cells, sizeof(Exchange), &log});
  }
  engine->setPlan(plan);
  startShared(plan->lasting_filters);
  if (listener == nullptr) {
    listener = std::make_unique<Listener>(*engine, shared,
                                          Listener::Counts{listener_count, process_count});
  } else {
    listener->setPlan(shared, 0);
  }
}

void ProxyTest::addListenerParts(filter::ChainBuilder& chains, config::Diagnostics& diagnostics) {
  ListenerParts parts;
  auto document = config::Document::parse(listener_parts, "listener.toml", diagnostics);
  config::readSettings(document, extensions, parts, diagnostics);
  const auto chain = [&](const std::vector<filter::FilterSetting>& settings,
                         const authz::SharedPolicies& policies = nullptr) {
    filter::Chain made = chains.resolve(settings, diagnostics);
    if (policies != nullptr) {
      made.push_back(
          chains.link("authorize", std::make_shared<authz::PolicyFilterMaker>(policies)));
    }
    for (filter::Link& each : made) each.of_listener = true;
    return chains.share(std::move(made));
  };
  ListenerPlan& plan = listener_plan;
  plan.early_filters = chain(parts.filters, plan.tcp ? nullptr : plan.authorize);
  plan.filters_without_route = chain(parts.filters_without_route);
  const auto rules = [&](const route::HeaderRulesSettings& settings,
                         const route::TextScope& scope) {
    return route::HeaderRulesCompiler("listener", scope, diagnostics).compile(settings);
  };
  plan.request_rules = rules(parts.request_headers, {nullptr, false, false});
  plan.response_rules = rules(parts.response_headers, {nullptr, true});
  plan.has_early_steps = plan.early_filters != nullptr || !plan.request_rules.empty() ||
                         plan.https_redirect != nullptr;
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
}

// The control thread's part of filters, on the thread of the only worker.
void ProxyTest::startShared(const filter::LastingFilters& makers) {
  for (const auto& maker : makers) {
    if (shared_parts_.contains(maker->id())) continue;
    auto& part = shared_parts_[maker->id()];
    part = maker->makeShared({loop, cells, engine->client(), engine->client(), commons_});
    if (part == nullptr) continue;
    const auto publish = [this, id = maker->id()](filter::AnySnapshot snapshot) {
      engine->parts().setSnapshot(id, std::move(snapshot));
    };
    part->start(publish, [] {});
  }
}

void ProxyTest::pass(Milliseconds time) {
  constexpr Milliseconds kStep{50};
  turn();
  while (time > Milliseconds(0)) {
    loop.advance(std::min(time, kStep));
    turn();
    time -= kStep;
  }
}

StreamPeer& ProxyTest::connect(std::string_view client) {
  ConnectionFacts visitor;
  visitor.address = net::Address::parse(client).value();
  return connectAs(std::move(visitor));
}

StreamPeer& ProxyTest::connectTo(std::string_view destination) {
  ConnectionFacts visitor;
  visitor.address = net::Address::parse("10.0.0.9:5000").value();
  visitor.interception = std::make_shared<const Interception>(
      engine->destinations().resolve(net::Address::parse(destination).value(),
                                     listener_plan.transparent.original, *plans_.back()));
  return connectAs(std::move(visitor));
}

StreamPeer& ProxyTest::connectAs(ConnectionFacts visitor) {
  auto [ours, theirs] = MemoryStream::makePair(loop);
  clients.push_back(std::make_unique<StreamPeer>(std::move(theirs)));
  listener_count.tryAdd(0);
  process_count.tryAdd(0);
  listener->receive(std::move(ours), std::move(visitor));
  return *clients.back();
}

std::string ProxyTest::ask(std::string_view request) {
  StreamPeer& client = connect();
  client.send(request);
  turn();
  return client.received();
}

std::string ProxyTest::get(std::string_view path) {
  return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: shop.test\r\n\r\n");
}

ProxyTest::Script ProxyTest::answering(std::string text) {
  return [text = std::move(text)](StreamPeer& peer) {
    if (peer.closed() || peer.ended() || !peer.received().ends_with("\r\n\r\n")) return;
    peer.send(text);
  };
}

std::string ProxyTest::reply(std::string_view body, std::string_view fields) {
  return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

std::uint64_t ProxyTest::localReplies(int status, Reason reason, std::string_view route) {
  const NameId named = route.empty() ? 0 : id(route);
  return count(localRepliesKey(listener_plan.id, named, status, reason));
}

}  // namespace weir::proxy
