#include "gateway/auth/api_key/api_key.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "core/base/clock.h"

namespace weir::gateway {
namespace {

using authn::Result;

std::span<const std::string_view> splitScopes(std::string_view scopes, Arena& arena) {
  if (scopes.empty()) return {};
  const auto count = static_cast<std::size_t>(std::ranges::count(scopes, ' ')) + 1;
  auto* const list = arena.array<std::string_view>(count);
  for (std::size_t i = 0; i < count; ++i) {
    list[i] = scopes.substr(0, scopes.find(' '));
    scopes.remove_prefix(std::min(list[i].size() + 1, scopes.size()));
  }
  return {list, count};
}

}  // namespace

ApiKey::Shared::Shared(const Config& config, const filter::SharedTools& tools) {
  if (config.keys.file.path.empty()) return;
  file_ = std::make_unique<FileTable<Snapshot>>(config.keys.file.path, config.file_id, tools);
}

void ApiKey::Shared::start(filter::Publish<Snapshot> publish, std::function<void()> ready) {
  if (file_ == nullptr) return ready();
  file_->start(std::move(publish), std::move(ready));
}

ApiKey::Local::Local(const Config& config, const filter::LocalTools& tools)
    : judge_(authn::Method::kApiKey, config.enforcement,
             authn::Challenges("ApiKey realm=\"" + config.realm + '"', config.require.text()),
             tools.metrics) {
  if (config.keys.file.path.empty()) keys_ = api_key::tableOf(config.keys.lines);
}

filter::Verdict ApiKey::onRequest(http::Request& request) {
  authn::Judge& judge = local_.judge();
  const authn::Credential found = authn::findCredential(request, config_.from);
  if (found.count == 0) return judge.refuse(Result::kMissing, "the request has no key", request);
  if (found.count > 1) {
    return judge.refuse(Result::kAmbiguous, "the request has several keys", request);
  }
  if (local_.keys() == nullptr) {
    return judge.refuse(Result::kError, "the keys have not been read yet", request);
  }
  const auto facts = local_.keys()->find(api_key::digestOf(found.text));
  if (!facts) return judge.refuse(Result::kInvalid, "the key is unknown", request);
  if (facts->expires.count() != 0 && facts->expires <= wallClockNow()) {
    return judge.refuse(Result::kExpired, "the key has expired", request);
  }
  labels_.facts = *facts;
  return accept(request);
}

filter::Verdict ApiKey::accept(http::Request& request) {
  const api_key::KeyFacts& facts = labels_.facts;
  const auto scopes = splitScopes(facts.scopes, control_.arena());
  if (!config_.require.hold(scopes)) {
    return local_.judge().refuse(Result::kDenied, "the key lacks a scope", request);
  }
  local_.judge().accept();
  keys_ = local_.keys();
  http::Principal& principal = control_.principal();
  principal = {.method = authn::kMethodWords[static_cast<unsigned>(authn::Method::kApiKey)],
               .subject = facts.consumer,
               .issuer = {},
               .consumer = facts.consumer,
               .scopes = scopes,
               .groups = {},
               .claims = &labels_,
               .expires = facts.expires};
  request.headers.set(config_.consumer_header, control_.arena().copy(facts.consumer));
  if (!config_.forward) authn::removeCredentials(request, config_.from);
  return filter::Verdict::proceed();
}

expr::Value ApiKey::Labels::find(std::string_view key, std::uint32_t, Arena&) const {
  std::string_view rest = facts.labels;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::size_t equals = line.find('=');
    if (line.substr(0, equals) == key) return expr::Value::string(line.substr(equals + 1));
    rest.remove_prefix(line.size() + 1);
  }
  return key == "key_id" ? expr::Value::string(facts.id) : expr::Value::missing();
}

std::size_t ApiKey::Labels::size() const {
  return static_cast<std::size_t>(std::ranges::count(facts.labels, '\n')) + 1;
}

}  // namespace weir::gateway
