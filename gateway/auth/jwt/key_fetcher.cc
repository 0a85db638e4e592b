#include "gateway/auth/jwt/key_fetcher.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/number.h"
#include "core/http/cache_control.h"
#include "core/state/directory.h"
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
  http::CacheControl control;
  control.add(reply.header("cache-control"));
  if (control.no_store || control.no_cache) return KeyFetcher::kLeastFresh;
  const Milliseconds fresh = control.max_age.value_or(KeyFetcher::kUsualFresh);
  return std::clamp(fresh, KeyFetcher::kLeastFresh, KeyFetcher::kMostFresh);
}

KeyFetcher::KeyFetcher(const Settings& settings, const filter::SharedTools& tools)
    : settings_(settings),
      tools_(tools),
      schedule_(tools.loop, *this, kPauses),
      tick_(tools.loop.wheel(), *this) {}

void KeyFetcher::start(filter::Publish<KeySnapshot> publish, std::function<void()> ready) {
  publish_ = std::move(publish);
  ready_ = std::move(ready);
  tick_.arm(kTick);
  restore();
  schedule_.begin();
}

// An entry of the state directory belongs to an issuer and a source of its keys.
std::string KeyFetcher::entryName() const {
  const std::string source = settings_.jwks->url ? settings_.jwks->url->upstreamName() +
                                                       settings_.jwks->url->pathAndQuery()
                                                 : std::string("discovery");
  return "keys-" + settings_.rules.issuer + " from " + source;
}

// The first line is the time at which the keys were fetched.
void KeyFetcher::restore() {
  if (tools_.state == nullptr) return;
  const auto saved = tools_.state->load(entryName());
  if (!saved.ok()) return;
  std::string_view text = saved.value();
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return;
  const auto seconds = parseNumber<std::uint32_t>(text.substr(0, line));
  if (!seconds || !use(text.substr(line + 1)).ok()) return;
  fetched_at_ = std::chrono::seconds(*seconds);
  log::info("jwt: using keys of " + settings_.rules.issuer +
            " of the state directory until they can be fetched");
  onTick();
  publish();
}

void KeyFetcher::save() {
  if (tools_.state == nullptr) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(fetched_at_).count();
  static_cast<void>(tools_.state->save(entryName(), std::to_string(seconds) + "\n" + text_));
}

weir::Result<void> KeyFetcher::use(std::string_view text) {
  if (keys_ != nullptr && text == text_) return {};
  auto keys = jose::KeySet::parse(text);
  if (!keys.ok()) return keys.error();
  keys_ = std::make_shared<const jose::KeySet>(std::move(keys.value()));
  text_ = text;
  return {};
}

void KeyFetcher::publish() {
  publish_(std::make_shared<const KeySnapshot>(KeySnapshot{keys_, schedule_.gate()}));
  if (keys_ == nullptr) return;
  const auto ready = std::exchange(ready_, nullptr);
  if (ready) ready();
}

void KeyFetcher::fetch() {
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
  schedule_.hold(
      http::fetch(tools_.client, settings_.upstream,
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
                  }));
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
  if (const auto used = use(reply.body); !used.ok()) {
    return fail("the key set " + std::string(used.error().detail));
  }
  tools_.metrics.counter(refreshesKey(settings_.issuer_id, Refresh::kSuccess)).add();
  fetched_at_ = wallClockNow();
  save();
  if (schedule_.succeed(freshness(reply))) {
    log::info("jwt: the keys of " + settings_.rules.issuer + " can be fetched again");
  }
  onTick();
  publish();
}

void KeyFetcher::fail(std::string_view detail) {
  log::warning("jwt: the keys of " + settings_.rules.issuer +
               " cannot be fetched: " + std::string(detail));
  tools_.metrics.counter(refreshesKey(settings_.issuer_id, Refresh::kFailure)).add();
  schedule_.fail();
  onTick();
  publish();
}

void KeyFetcher::onTick() {
  tick_.arm(kTick);
  if (keys_ == nullptr) return;
  const Nanoseconds age = std::max(wallClockNow() - fetched_at_, Nanoseconds(0));
  tools_.metrics.gauge(ageKey(settings_.issuer_id)).set(age.count());
}

}  // namespace weir::gateway::jwt
