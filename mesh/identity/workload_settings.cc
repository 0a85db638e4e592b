#include "mesh/identity/workload_settings.h"

#include <cstdlib>
#include <string_view>

#include "core/config/table.h"
#include "core/tls/demands.h"
#include "core/tls/spiffe_id.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSocketVariable = "SPIFFE_ENDPOINT_SOCKET";

constexpr Error kNoSocket = {
    ErrorCode::kInvalid, Origin::kLocal,
    "is needed, unless the environment variable SPIFFE_ENDPOINT_SOCKET is set"};
constexpr Error kBadSocket = {ErrorCode::kInvalid, Origin::kLocal,
                              "must be \"unix:///ABSOLUTE/PATH\" or \"tcp://IP:PORT\""};

}  // namespace

Result<net::Address> WorkloadSettings::address() const {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  const char* const variable = std::getenv(kSocketVariable);
  const std::string text = !socket.empty() ? socket : variable == nullptr ? "" : variable;
  if (text.empty()) return kNoSocket;
  if (text.starts_with(kUnix)) {
    const std::string path = text.substr(kUnix.size());
    if (!path.starts_with('/') || path.find_first_of("?#") != std::string::npos) return kBadSocket;
    return net::Address::unixPath(path);
  }
  if (!text.starts_with(kTcp)) return kBadSocket;
  const auto address = net::Address::parse(text.substr(kTcp.size()));
  if (!address.ok() || address.value().isUnix() || address.value().port() == 0) return kBadSocket;
  return address.value();
}

void WorkloadSettings::read(config::Table& table, WorkloadSettings& out) {
  table.read("socket", out.socket,
             "Address of the SPIFFE Workload API: \"unix:///run/spire/agent.sock\" or "
             "\"tcp://127.0.0.1:8081\". Default: the environment variable SPIFFE_ENDPOINT_SOCKET.");
  table.read("id", out.id,
             "SPIFFE ID of the identity to use, if the workload has several. Default: the first.");
  table.read("hint", out.hint,
             "Hint of the identity to use, if the workload has several. Default: the first.");
  table.atMostOneOf({"id", "hint"});
  table.read("wait", out.wait,
             "Time limit for the first identity at the start of the process. No listener accepts "
             "connections before it; the process exits with an error after it. 0: no limit.",
             {.min = 0ms, .max = 24h});
  table.read("snapshot", out.snapshot,
             "Whether to keep the identity, with its private key, in the state directory, so that "
             "the process can start while the Workload API is away. Needs state_directory.");
  table.read("trust_domains", out.trust_domains,
             "Federated trust domains, such as \"partner.example\", all of whose workloads a "
             "sidecar accepts beside those of its own domain. Their bundles come from the Workload "
             "API.");
  tls::checkTrustDomains(table, "trust_domains", out.trust_domains);
  const std::string_view fault = out.id.empty() ? "" : tls::faultOfSpiffeId(out.id);
  if (!fault.empty()) table.fail("id", std::string(fault));
  if (out.hint.size() > tls::kMaxSpiffeId) table.fail("hint", "has more than 2048 bytes");
  const auto address = out.address();
  if (!address.ok()) table.fail("socket", std::string(address.error().detail));
  table.locate(out.origin);
}

}  // namespace weir::mesh
