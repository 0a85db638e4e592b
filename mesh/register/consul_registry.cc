#include <utility>

#include "core/base/plain_text.h"
#include "core/http/fetch.h"
#include "mesh/discovery/query_text.h"
#include "mesh/register/instance_json.h"
#include "mesh/register/registry_client.h"

namespace weir::mesh::registering {
namespace {

constexpr Milliseconds kCallTimeout{5'000};
constexpr std::size_t kMostDetail = 200;

// A service of an agent, with a check that weir passes again and again.
class ConsulRegistry final : public RegistryClient {
 public:
  ConsulRegistry(http::Client& client, NameId upstream, const ConsulRegistrySettings& settings,
                 const Instance& instance)
      : client_(client),
        upstream_(upstream),
        settings_(settings),
        id_(queryText(instance.id)),
        body_(consulServiceJson(instance, settings)) {}

  void add(Done done) override {
    put("/v1/agent/service/register?replace-existing-checks=true", body_,
        [done = std::move(done)](const http::Fetched& fetched) { done(answerOf(fetched)); });
  }
  void renew(Done done) override {
    put("/v1/agent/check/pass/service:" + id_, {},
        [done = std::move(done)](const http::Fetched& fetched) {
          done(isUnknown(fetched) ? Answer{State::kLost} : answerOf(fetched));
        });
  }
  void remove(Done done) override {
    put("/v1/agent/service/deregister/" + id_, {},
        [done = std::move(done)](const http::Fetched& fetched) {
          done(isUnknown(fetched) ? Answer{} : answerOf(fetched));
        });
  }
  Milliseconds ttl() const override { return settings_.ttl; }

 private:
  void put(const std::string& target, std::string_view body,
           std::function<void(const http::Fetched&)> done) {
    const std::string authority = settings_.server.authority();
    http::CallRequest request{.method = "PUT", .authority = authority, .target = target};
    if (!settings_.token.empty()) {
      request.headers.push_back({"x-consul-token", settings_.token.reveal()});
    }
    request.body_kind = http::CallRequest::Body::kWhole;
    request.body = asBytes(body);
    http::CallOptions how;
    how.timeout = kCallTimeout;
    how.awaits_discovery = true;
    how.purpose = "consul";
    call_ = http::fetch(client_, upstream_, request, how, std::move(done));
  }

  // 404, or 500 by agents before 1.11.
  static bool isUnknown(const http::Fetched& fetched) {
    if (!fetched.reply.ok()) return false;
    const http::Reply& reply = fetched.reply.value();
    return reply.status == 404 ||
           (reply.status == 500 && reply.body.find("nknown ") != std::string::npos);
  }
  static Answer answerOf(const http::Fetched& fetched) {
    if (!fetched.reply.ok()) {
      return {State::kFailed, std::string(fetched.reply.error().detail)};
    }
    const http::Reply& reply = fetched.reply.value();
    if (reply.status == 200) return {};
    if (reply.status == 401 || reply.status == 403) return {State::kFailed, "the token is refused"};
    std::string why = "status " + std::to_string(reply.status);
    if (!reply.body.empty()) why += ": " + printable(reply.body, kMostDetail);
    return {State::kFailed, std::move(why)};
  }

  http::Client& client_;
  const NameId upstream_;
  const ConsulRegistrySettings settings_;
  const std::string id_;
  const std::string body_;
  std::unique_ptr<http::Call> call_;
};

}  // namespace

std::unique_ptr<RegistryClient> makeConsulRegistry(http::Client& client, NameId upstream,
                                                   const ConsulRegistrySettings& settings,
                                                   const Instance& instance) {
  return std::make_unique<ConsulRegistry>(client, upstream, settings, instance);
}

}  // namespace weir::mesh::registering
