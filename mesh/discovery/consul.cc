#include "mesh/discovery/consul.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/number.h"
#include "core/http/fetch.h"
#include "mesh/discovery/consul_answer.h"
#include "mesh/discovery/query_text.h"
#include "mesh/discovery/retry_pause.h"
#include "mesh/discovery/sorted_endpoints.h"

namespace weir::mesh {
namespace {

// A server adds up to a sixteenth to the wait, and may need a moment to answer.
constexpr std::chrono::seconds kWait{55};
constexpr Milliseconds kQueryTimeout = kWait + kWait / 16 + std::chrono::seconds(6);
constexpr Milliseconds kFirstTimeout{10'000};
constexpr Milliseconds kBetweenQueries{1'000};
constexpr std::uint64_t kMostLastContact = 10'000;  // milliseconds

// The path and query of all queries, without what differs between them.
std::string queryOf(const ConsulSettings& settings) {
  std::string query = "/v1/health/service/" + queryText(settings.service) +
                      "?wait=" + std::to_string(kWait.count()) + "s";
  if (!settings.include_warning) query += "&passing=1";
  for (const std::string& tag : settings.tags) query += "&tag=" + queryText(tag);
  const std::pair<std::string_view, const std::string*> optional[] = {
      {"dc", &settings.datacenter},
      {"ns", &settings.space},
      {"partition", &settings.partition},
      {"filter", &settings.filter}};
  for (const auto& [name, value] : optional) {
    if (!value->empty()) query += "&" + std::string(name) + "=" + queryText(*value);
  }
  return query;
}

class ConsulDiscovery final : public upstream::Discovery {
 public:
  ConsulDiscovery(const upstream::DiscoveryTools& tools, const ConsulSettings& settings)
      : client_(tools.client),
        upstream_(tools.names.intern(settings.server.upstreamName())),
        settings_(settings),
        query_(queryOf(settings)),
        next_(tools.loop.wheel(), *this) {}

  void start(upstream::DiscoveryEvents& events) override {
    events_ = &events;
    ask();
  }
  void lookAgain() override {
    index_ = 0;
    ask();
  }

 private:
  void ask() {
    next_.disarm();
    asked_at_ = client_.loop().wheel().now();
    std::string target = query_;
    if (index_ > 0) target += "&index=" + std::to_string(index_);
    if (settings_.stale && !std::exchange(consistent_, false)) target += "&stale=1";
    const std::string authority = settings_.server.authority();
    http::CallRequest request{.authority = authority, .target = target};
    if (!settings_.token.empty()) {
      request.headers.push_back({"x-consul-token", settings_.token.reveal()});
    }
    http::CallOptions how;
    how.timeout = index_ > 0 ? kQueryTimeout : kFirstTimeout;
    how.awaits_discovery = true;
    how.most_body = consul::kMostAnswer;
    how.purpose = "consul";
    call_ = http::fetch(client_, upstream_, request, how,
                        [this](const http::Fetched& fetched) { onFetched(fetched); });
  }

  void onFetched(const http::Fetched& fetched) {
    call_ = nullptr;
    if (!fetched.reply.ok()) return fail(fetched.reply.error().detail);
    const http::Reply& reply = fetched.reply.value();
    if (reply.status != 200) return fail(textOfStatus(reply.status));
    const auto index = parseNumber<std::uint64_t>(reply.header("x-consul-index"));
    if (!index || *index == 0) return fail("the answer has no index");
    if (isTooOld(reply)) {
      consistent_ = true;  // the leader is asked
      index_ = 0;
      return askLater();
    }
    const bool changed = *index != index_ || failing_;
    const bool reset = *index < index_;
    if (changed && !take(reply.body)) return;
    index_ = reset ? 0 : *index;
    askLater();
  }

  static std::string textOfStatus(int status) {
    if (status == 401 || status == 403) return "the token is refused";
    return "status " + std::to_string(status);
  }

  static bool isTooOld(const http::Reply& reply) {
    const auto contact = parseNumber<std::uint64_t>(reply.header("x-consul-lastcontact"));
    return contact.value_or(0) > kMostLastContact ||
           reply.header("x-consul-knownleader") == "false";
  }

  bool take(std::string_view body) {
    consul::Answer answer = consul::readServiceHealth(body);
    if (!answer.mistake.empty()) {
      fail(answer.mistake);
      return false;
    }
    if (answer.skipped > 0 && answer.skipped != skipped_) {
      log::warning("consul: service " + settings_.service + ": ignoring " +
                   std::to_string(answer.skipped) + " instances without an IP address and a port");
    }
    skipped_ = answer.skipped;
    if (answer.endpoints.empty() && answer.skipped > 0) {
      fail("no instance has an IP address and a port");
      return false;
    }
    failing_ = false;
    pause_.reset();
    events_->onEndpoints(sortedEndpoints(std::move(answer.endpoints)));
    return true;
  }

  // A blocking query may return at once each time: there is a pause between two of them.
  void askLater() {
    const Milliseconds since = client_.loop().wheel().now() - asked_at_;
    next_.arm(std::max(kBetweenQueries - since, Milliseconds(0)));
  }

  void fail(std::string_view why) {
    failing_ = true;
    index_ = 0;
    next_.arm(std::max(pause_.next(), kBetweenQueries));
    events_->onDiscoveryFailed("consul: service " + settings_.service + ": " + std::string(why));
  }

  http::Client& client_;
  const NameId upstream_;
  const ConsulSettings settings_;
  const std::string query_;
  upstream::DiscoveryEvents* events_ = nullptr;
  RetryPause pause_;
  Milliseconds asked_at_{0};
  std::uint64_t index_ = 0;  // of the latest answer; 0: the next query does not block
  bool consistent_ = false;  // the next query goes to the leader
  bool failing_ = false;     // the latest query failed
  std::size_t skipped_ = 0;  // instances in the latest answer
  event::Alarm<ConsulDiscovery, &ConsulDiscovery::ask> next_;
  std::unique_ptr<http::Call> call_;
};

class ConsulSource final : public upstream::DiscoverySource {
 public:
  explicit ConsulSource(const ConsulSettings& settings) : settings_(settings) {}

  std::string identity() const override {
    return "consul " + settings_.server.upstreamName() + " " + queryOf(settings_) +
           (settings_.stale ? " stale " : " ") +
           std::to_string(stableHash(settings_.token.reveal()));
  }
  std::vector<http::Target> needs() const override { return {settings_.server}; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<ConsulDiscovery>(tools, settings_);
  }

 private:
  const ConsulSettings settings_;
};

}  // namespace

void ConsulSettings::read(config::Table& table, ConsulSettings& out) {
  table.read("server", out.server,
             "URL of a Consul agent or server, \"http://127.0.0.1:8500\", or { upstream = "
             "\"NAME\" }.",
             {.required = true});
  table.read("service", out.service, "Name of the service.",
             {.min_size = 1, .max_size = 255, .required = true});
  table.read("tags", out.tags, "Tags that an instance must have.", {.min_size = 1});
  table.read("datacenter", out.datacenter, "Datacenter to query. Default: that of the server.");
  table.read("namespace", out.space, "Namespace of the service, in Consul Enterprise.");
  table.read("partition", out.partition, "Admin partition of the service, in Consul Enterprise.");
  table.read("filter", out.filter,
             "Filter expression of Consul, such as 'Service.Meta.version == \"2\"'.");
  table.read("include_warning", out.include_warning,
             "Whether instances with a check in the state \"warning\" are endpoints, with their "
             "weight for warnings.");
  table.read("stale", out.stale,
             "Whether any server may answer, which spreads the load, if it was in touch with the "
             "leader within 10 s.");
  table.read("token", out.token, "ACL token, with service:read and node:read.");
  http::refusePath(table, "server", out.server);
}

std::shared_ptr<const upstream::DiscoverySource> makeConsul(const ConsulSettings& settings) {
  return std::make_shared<const ConsulSource>(settings);
}

}  // namespace weir::mesh
