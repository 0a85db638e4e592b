#include "mesh/discovery/kubernetes.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/config/file_text.h"
#include "core/config/units.h"
#include "core/http/syntax.h"
#include "mesh/discovery/kubernetes_client.h"
#include "mesh/discovery/retry_pause.h"
#include "mesh/discovery/sorted_endpoints.h"

namespace weir::mesh {
namespace {

using kubernetes::EndpointSlices;
using kubernetes::SliceClient;
using kubernetes::SliceFamily;

constexpr std::pair<std::string_view, SliceFamily> kSliceFamilies[] = {
    {"auto", SliceFamily::kAuto}, {"ipv4", SliceFamily::kIpv4}, {"ipv6", SliceFamily::kIpv6}};

class KubernetesDiscovery final : public upstream::Discovery, private SliceClient::Events {
 public:
  KubernetesDiscovery(const upstream::DiscoveryTools& tools, const KubernetesSettings& settings)
      : settings_(settings),
        client_(tools.client,
                {tools.names.intern(settings.target.upstreamName()), settings.target.authority(),
                 settings.name_space, settings.name, settings.account + "/token"},
                *this),
        retry_(tools.loop.wheel(), *this) {}

  void start(upstream::DiscoveryEvents& events) override {
    events_ = &events;
    client_.start();
  }
  void lookAgain() override {
    retry_.disarm();
    client_.startAgain();
  }

 private:
  void onSlices(const EndpointSlices& slices) override {
    pause_.reset();
    auto chosen = kubernetes::chooseEndpoints(slices, settings_.port, settings_.family);
    if (!chosen.mistake.empty()) return fail(chosen.mistake);
    events_->onEndpoints(sortedEndpoints(std::move(chosen.endpoints)));
  }
  void onFailed(std::string_view why) override {
    retry_.arm(pause_.next());
    fail(why);
  }
  void fail(std::string_view why) {
    events_->onDiscoveryFailed("kubernetes: service " + settings_.name_space + "/" +
                               settings_.name + ": " + std::string(why));
  }
  void onRetry() { client_.start(); }

  const KubernetesSettings settings_;
  upstream::DiscoveryEvents* events_ = nullptr;
  RetryPause pause_;
  SliceClient client_;
  event::Alarm<KubernetesDiscovery, &KubernetesDiscovery::onRetry> retry_;
};

class KubernetesSource final : public upstream::DiscoverySource {
 public:
  explicit KubernetesSource(const KubernetesSettings& settings) : settings_(settings) {}

  std::string identity() const override {
    return "kubernetes " + settings_.target.upstreamName() + " " + settings_.name_space + "/" +
           settings_.name + " " + settings_.port + " " +
           std::to_string(static_cast<int>(settings_.family)) + " " + settings_.account;
  }
  std::vector<http::Target> needs() const override { return {settings_.target}; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<KubernetesDiscovery>(tools, settings_);
  }

 private:
  const KubernetesSettings settings_;
};

// A DNS label or subdomain, as names of Kubernetes are.
bool isName(std::string_view text) {
  constexpr std::size_t kMostName = 253;
  return !text.empty() && text.size() <= kMostName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return value == nullptr ? std::string() : std::string(value);
}

// The API server of the cluster in which weir runs; nullopt if it does not run in one.
std::optional<http::Target> serverOfCluster(const std::string& account) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) return std::nullopt;
  const bool ipv6 = host.find(':') != std::string::npos;
  http::Target target;
  target.url = "https://" + (ipv6 ? "[" + host + "]" : host) + ":" + port;
  if (!http::Url::parse(*target.url)) return std::nullopt;
  target.files.ca = account + "/ca.crt";
  return target;
}

// The namespace of the pod in which weir runs, or "default".
std::string ownNamespace(const std::string& account) {
  const config::FileText file = config::readFileText(account + "/namespace");
  const std::string_view line = file.text;
  const std::string_view text = http::trimmed(line.substr(0, line.find_first_of("\r\n")));
  return isName(text) ? std::string(text) : "default";
}

void findServer(config::Table& table, KubernetesSettings& out) {
  if (out.server) {
    out.target = *out.server;
    http::refusePath(table, "server", out.target);
    return;
  }
  const auto found = serverOfCluster(out.account);
  if (found) {
    out.target = *found;
    table.locate(out.target.origin);
  } else if (table.has("service")) {
    table.fail("",
               "weir does not run in a cluster (there is no KUBERNETES_SERVICE_HOST): set "
               "server");
  }
}

}  // namespace

void KubernetesSettings::read(config::Table& table, KubernetesSettings& out) {
  table.read("service", out.service,
             "Service, \"NAME\" or \"NAMESPACE/NAME\". Default of the namespace: that of weir's "
             "pod.",
             {.min_size = 1, .required = true});
  table.read("port", out.port,
             "Port of the endpoints, by its name or number. Default: the only one.");
  table.read("family", out.family, kSliceFamilies,
             "Family of the addresses. auto: IPv4, unless the service has only IPv6.");
  table.read("server", out.server,
             "API server, { upstream = \"NAME\" } or a URL. Default: that of the cluster in which "
             "weir runs, with the CA certificate of the service account.");
  table.read("service_account", out.service_account,
             "Directory with the files `token`, `ca.crt` and `namespace` of the service account. "
             "The token is read for each request; without the file none is sent.",
             {.min_size = 1});
  out.account = config::pathBeside(table.location("service_account").file, out.service_account);
  const std::size_t slash = out.service.find('/');
  out.name = out.service.substr(slash == std::string::npos ? 0 : slash + 1);
  out.name_space =
      slash == std::string::npos ? ownNamespace(out.account) : out.service.substr(0, slash);
  if (table.has("service") && (!isName(out.name) || !isName(out.name_space))) {
    table.fail("service", "is not \"NAME\" or \"NAMESPACE/NAME\"");
  }
  findServer(table, out);
}

std::shared_ptr<const upstream::DiscoverySource> makeKubernetes(
    const KubernetesSettings& settings) {
  return std::make_shared<const KubernetesSource>(settings);
}

}  // namespace weir::mesh
