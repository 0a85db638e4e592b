#include "gateway/auth/jwt/key_fetcher.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/lower_case.h"
#include "core/base/number.h"
#include "core/http/syntax.h"
#include "gateway/auth/jwt/metrics.h"

namespace weir::gateway::jwt {
namespace {

constexpr Milliseconds kTick{15'000};  // between updates of the age
constexpr std::string_view kOpenIdPath = "/.well-known/openid-configuration";
constexpr std::string_view kOAuthPath = "/.well-known/oauth-authorization-server";

// The path of an issuer without a slash at its end; empty for none.
std::string pathOf(const http::Url& issuer) {
  std::string path = issuer.target;
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Milliseconds freshness(const http::Reply& reply) {
  constexpr std::string_view kMaxAge = "max-age=";
  const std::string text = lowerCase(reply.header("cache-control"));
  Milliseconds fresh = KeyFetcher::kUsualFresh;
  bool uncacheable = false;
  http::forEachToken(text, [&](std::string_view directive) {
    uncacheable |= directive == "no-store" || directive == "no-cache";
    if (!directive.starts_with(kMaxAge)) return;
    const auto seconds = parseNumber<std::uint32_t>(directive.substr(kMaxAge.size()));
    if (seconds) fresh = std::chrono::seconds(*seconds);
  });
  if (uncacheable) return KeyFetcher::kLeastFresh;
  return std::clamp(fresh, KeyFetcher::kLeastFresh, KeyFetcher::kMostFresh);
}

bool RefreshGate::ask() const {
  if (fetching_.value() > 0) return true;
  if (!asked_.tryAdd(1)) return false;
  fetching_.tryAdd(0);
  loop_.post([weak = living_] {
    if (const auto living = weak.lock()) living->fetcher.refetch();
  });
  return true;
}

KeyFetcher::KeyFetcher(const Settings& settings, const filter::SharedTools& tools)
    : settings_(settings),
      tools_(tools),
      living_(std::make_shared<const RefreshGate::Living>(RefreshGate::Living{*this})),
      due_(tools.loop.wheel(), *this),
      cooled_(tools.loop.wheel(), *this),
      tick_(tools.loop.wheel(), *this) {}

void KeyFetcher::start(filter::Publish<KeySnapshot> publish, std::function<void()> ready) {
  publish_ = std::move(publish);
  ready_ = std::move(ready);
  gate_ = std::make_shared<const RefreshGate>(tools_.loop, living_);
  tick_.arm(kTick);
  fetch();
}

// The worker has counted the fetch already.
void KeyFetcher::refetch() {
  asked_ = true;
  ++fetches_;
  if (call_ == nullptr) fetch();
}

void KeyFetcher::fetch() {
  due_.disarm();
  gate_->fetching_.tryAdd(0);
  ++fetches_;
  if (settings_.jwks->discover) {
    fetchMetadata(true);
  } else {
    fetchKeys(settings_.jwks->url->pathAndQuery());
  }
}

// OpenID Connect Discovery appends its path to that of the issuer, RFC 8414 puts it before.
void KeyFetcher::fetchMetadata(bool openid) {
  const std::string path = pathOf(*http::Url::parse(settings_.rules.issuer));
  if (openid) return get(path + std::string(kOpenIdPath), &KeyFetcher::onOpenIdMetadata);
  get(std::string(kOAuthPath) + path, &KeyFetcher::onOAuthMetadata);
}

void KeyFetcher::fetchKeys(std::string_view path) { get(path, &KeyFetcher::onKeys); }

void KeyFetcher::get(std::string_view path, void (KeyFetcher::*done)(const http::Reply&)) {
  const http::Target& target = settings_.jwks->url ? *settings_.jwks->url : settings_.discovery;
  const std::string authority = target.authority();
  call_ = http::fetch(tools_.client, settings_.upstream,
                      {.authority = authority,
                       .target = path,
                       .headers = {{"accept", "application/jwk-set+json, application/json"}}},
                      {.timeout = kFetchLimit,
                       .awaits_discovery = true,
                       .most_body = jose::KeySet::kMostBytes,
                       .purpose = "jwt"},
                      [this, done](const http::Fetched& fetched) {
                        if (!fetched.reply.ok()) return fail(fetched.reply.error().detail);
                        (this->*done)(fetched.reply.value());
                      });
}

void KeyFetcher::onOpenIdMetadata(const http::Reply& reply) {
  if (reply.status == 404) return fetchMetadata(false);
  onMetadata(reply);
}

void KeyFetcher::onOAuthMetadata(const http::Reply& reply) { onMetadata(reply); }

void KeyFetcher::onMetadata(const http::Reply& reply) {
  if (reply.status != 200) return fail("the status of the metadata is not 200");
  const auto json =
      jose::Json::parse(reply.body, {.bytes = jose::KeySet::kMostBytes, .members = 256});
  if (!json.ok()) return fail("the metadata are not an acceptable JSON object");
  const jose::Json::Value issuer = json.value().root().find("issuer");
  if (!issuer.isString() || issuer.text() != settings_.rules.issuer) {
    return fail("the metadata are those of another issuer");
  }
  const jose::Json::Value place = json.value().root().find("jwks_uri");
  const auto url = place.isString() ? http::Url::parse(place.text()) : std::nullopt;
  if (!url) return fail("the metadata have no valid jwks_uri");
  if (url->origin() != settings_.discovery.upstreamName()) {
    return fail("jwks_uri is on another host: set `url` instead of `discover`");
  }
  fetchKeys(url->target);
}

void KeyFetcher::onKeys(const http::Reply& reply) {
  if (reply.status != 200) return fail("the status of the key set is not 200");
  if (keys_ == nullptr || reply.body != text_) {
    auto keys = jose::KeySet::parse(reply.body);
    if (!keys.ok()) {
      const std::string detail = "the key set " + std::string(keys.error().detail);
      return fail(detail);
    }
    keys_ = std::make_shared<const jose::KeySet>(std::move(keys.value()));
    text_ = reply.body;
  }
  if (std::exchange(failing_, false)) {
    log::info("jwt: the keys of " + settings_.rules.issuer + " can be fetched again");
  }
  tools_.metrics.counter(refreshesKey(settings_.issuer_id, Refresh::kSuccess)).add();
  fetched_at_ = tools_.loop.now();
  retry_ = kFirstRetry;
  const auto fresh = static_cast<double>(freshness(reply).count());
  end(Milliseconds(static_cast<std::int64_t>(fresh * (0.8 - 0.1 * random_.unit()))));
}

void KeyFetcher::fail(std::string_view detail) {
  failing_ = true;
  log::warning("jwt: the keys of " + settings_.rules.issuer +
               " cannot be fetched: " + std::string(detail));
  tools_.metrics.counter(refreshesKey(settings_.issuer_id, Refresh::kFailure)).add();
  end(std::exchange(retry_, std::min(2 * retry_, kLastRetry)));
}

// The last act of a fetch.
void KeyFetcher::end(Milliseconds next) {
  call_.reset();
  due_.arm(next);
  onTick();
  if (std::exchange(asked_, false)) cooled_.arm(RefreshGate::kInterval);
  for (; fetches_ > 0; --fetches_) gate_->fetching_.remove();
  if (keys_ == nullptr) return;
  publish_(std::make_shared<const KeySnapshot>(KeySnapshot{keys_, gate_}));
  const auto ready = std::exchange(ready_, nullptr);
  if (ready) ready();
}

void KeyFetcher::onCooled() { gate_->asked_.remove(); }

void KeyFetcher::onTick() {
  tick_.arm(kTick);
  if (keys_ == nullptr) return;
  tools_.metrics.gauge(ageKey(settings_.issuer_id))
      .set(Nanoseconds(tools_.loop.now() - fetched_at_).count());
}

}  // namespace weir::gateway::jwt
