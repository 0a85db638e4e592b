#include "core/proxy/plan.h"

#include <utility>

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kTcpIdleTimeout = 1h;

http::VersionChoice versionsOf(ListenerProtocol protocol) {
  switch (protocol) {
    case ListenerProtocol::kHttp1:
      return http::VersionChoice::kHttp1;
    case ListenerProtocol::kHttp2:
      return http::VersionChoice::kHttp2;
    case ListenerProtocol::kAuto:
    case ListenerProtocol::kTcp:
      break;
  }
  return http::VersionChoice::kAuto;
}

}  // namespace

Defaults Defaults::of(config::Role role) {
  Defaults defaults;
  const bool gateway = role == config::Role::kGateway;
  defaults.response_timeout = gateway ? Milliseconds(30s) : Milliseconds(0);
  defaults.idle_timeout = 5min;
  defaults.retry.attempts = 1;
  const auto allow = [&](route::RetryOn failure) {
    defaults.retry.failures.set(static_cast<std::size_t>(failure));
  };
  allow(route::RetryOn::kConnectFailure);
  allow(route::RetryOn::kRefusedStream);
  if (gateway) return defaults;
  allow(route::RetryOn::kReset);  // of idempotent requests, before a response
  defaults.retry.statuses.add("unavailable");
  return defaults;
}

ListenerPlan::ListenerPlan(ListenerOptions options)
    : ListenerOptions(std::move(options)),
      versions(versionsOf(protocol)),
      tcp(protocol == ListenerProtocol::kTcp),
      tcp_idle_timeout(idle_timeout.given() ? idle_timeout.value() : kTcpIdleTimeout) {
  limits.head_bytes = static_cast<std::uint32_t>(max_header_size.value().bytes);
  limits.target_bytes =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(limits.head_bytes, max_target_size.bytes));
  limits.headers = max_headers;
  http2.limits = limits;
  if (tls_options) allow_plaintext = tls_options->plaintext != tls::Plaintext::kRefuse;
  hello_timeout = tls_options ? tls_options->handshake_timeout : proxy_protocol_timeout;
  if (!redirect_to_https.enabled) return;
  route::RedirectTarget target{.status = 308, .scheme = "https", .port = redirect_to_https.port};
  https_redirect = std::make_shared<const route::Redirect>(std::move(target));
  has_early_steps = true;
}

bool ListenerPlan::sharesTermsWith(const ListenerPlan& other) const {
  const auto scope = [](const ListenerPlan& plan) {
    return plan.tls == nullptr ? std::string_view() : std::string_view{plan.tls->scope()};
  };
  return scope(*this) == scope(other) && allow_plaintext == other.allow_plaintext &&
         versions == other.versions && proxy_protocol == other.proxy_protocol &&
         proxy_protocol_from == other.proxy_protocol_from;
}

}  // namespace weir::proxy
