#include "gateway/auth/any_of/any_of.h"

#include <utility>

#include "gateway/auth/api_key/api_key.h"
#include "gateway/auth/basic/basic.h"
#include "gateway/auth/client_certificate.h"
#include "gateway/auth/jwt/jwt.h"

namespace weir::gateway {
namespace {

using authn::Result;

struct AuthenticationKind {
  std::string_view name;
  std::shared_ptr<const Alternative> (*make)(const config::Selected& selected,
                                             authn::Mode enforcement,
                                             filter::References& references,
                                             config::Diagnostics& diagnostics);
  authn::Mode (*enforcement)(const config::Selected& selected);
};

template <typename T>
constexpr AuthenticationKind kindFor(std::string_view name) {
  return {name, &AlternativeOf<T>::of, [](const config::Selected& selected) {
            return selected.as<typename T::Config>()->enforcement;
          }};
}

constexpr AuthenticationKind kAuthenticationKinds[] = {
    kindFor<ApiKey>("api_key"), kindFor<Basic>("basic"),
    kindFor<ClientCertificate>("client_certificate"), kindFor<Jwt>("jwt")};

const AuthenticationKind& kindNamed(std::string_view name) {
  std::size_t at = 0;
  while (kAuthenticationKinds[at].name != name) ++at;  // read() takes no other names
  return kAuthenticationKinds[at];
}

}  // namespace

void AnyOf::addKinds(config::VariantSet& kinds) {
  kinds.add<ApiKey::Config>("api_key", "API keys, as the filter `api_key`.");
  kinds.add<Basic::Config>("basic", "Names and passwords, as the filter `basic`.");
  kinds.add<ClientCertificate::Config>("client_certificate",
                                       "TLS certificates, as the filter `client_certificate`.");
  kinds.add<Jwt::Config>("jwt", "Signed tokens, as the filter `jwt`.");
}

void AnyOf::Config::read(config::Table& table, Config& out) {
  table.read("filters", out.filters, table.kinds("authentication"),
             "Authentication filters. The first one whose credentials the request has decides; "
             "without any, the reply is 401 with the challenges of all.",
             {.min_size = 1, .max_size = 16, .required = true});
  authn::readMode(table, out.enforcement);
  for (std::size_t i = 0; i < out.filters.size(); ++i) {
    const config::Selected& each = out.filters[i];
    if (!each.made()) continue;
    if (kindNamed(each.kind()).enforcement(each) != authn::Mode::kRequired) {
      table.failElement("filters", i, "`mode` belongs to any_of, not to one of its filters");
    }
  }
}

void AnyOf::check(Config& config, filter::References& references,
                  config::Diagnostics& diagnostics) {
  config.alternatives.all.clear();
  for (const config::Selected& each : config.filters) {
    if (!each.made()) continue;  // its diagnostics have been recorded
    config.alternatives.all.push_back(
        kindNamed(each.kind()).make(each, config.enforcement, references, diagnostics));
  }
}

void AnyOf::addRequestFields(const Config& config, http::FieldSet& fields) {
  for (const auto& each : config.alternatives.all) each->addRequestFields(fields);
}

AnyOf::Shared::Shared(const Config& config, const filter::SharedTools& tools)
    : latest_(config.alternatives.all.size()),
      living_(std::make_shared<const Living>(Living{*this})) {
  for (const auto& each : config.alternatives.all) {
    parts_.push_back(each->makeShared(tools));
    if (parts_.back() != nullptr) ++awaited_;
  }
}

// A part may call its functions after its end.
void AnyOf::Shared::start(filter::Publish<Snapshot> publish, std::function<void()> ready) {
  publish_ = std::move(publish);
  ready_ = std::move(ready);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i] == nullptr) continue;
    const std::weak_ptr<const Living> living = living_;
    parts_[i]->start(
        [living, i](filter::AnySnapshot snapshot) {
          if (const auto alive = living.lock()) alive->shared.onSnapshot(i, std::move(snapshot));
        },
        [living] {
          if (const auto alive = living.lock()) alive->shared.onReady();
        });
  }
  onReady();
}

void AnyOf::Shared::onSnapshot(std::size_t index, filter::AnySnapshot snapshot) {
  latest_[index] = std::move(snapshot);
  publish_(std::make_shared<const Snapshot>(latest_));
}

void AnyOf::Shared::onReady() {
  if (awaited_ > 0 && --awaited_ == 0) ready_();
}

AnyOf::Local::Local(const Config& config, const filter::LocalTools& tools)
    : seen_(config.alternatives.all.size()),
      missing_(tools.metrics.counter(authnKey(authn::Method::kAnyOf, Result::kMissing,
                                              config.enforcement == authn::Mode::kShadow))) {
  for (const auto& each : config.alternatives.all) parts_.push_back(each->makeLocal(tools));
}

void AnyOf::Local::onSnapshot(const std::shared_ptr<const Shared::Snapshot>& snapshot) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const filter::AnySnapshot& now = (*snapshot)[i];
    if (now == nullptr || now == seen_[i]) continue;
    seen_[i] = now;
    parts_[i]->onSnapshot(now);
  }
}

AnyOf::~AnyOf() {
  if (chosen_ != nullptr) chosen_->~Filter();
}

filter::Verdict AnyOf::onRequest(http::Request& request) {
  const auto& all = config_.alternatives.all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i]->presents(request, control_)) continue;
    chosen_ = all[i]->make(control_.arena(), local_.part(i), control_);
    return chosen_->onRequest(request);
  }
  local_.countMissing();
  if (config_.enforcement != authn::Mode::kRequired) return filter::Verdict::proceed();
  return refuse(request);
}

filter::Verdict AnyOf::onWaitExpired(filter::Side side, Reason then) {
  return chosen_->onWaitExpired(side, then);
}

filter::Verdict AnyOf::refuse(const http::Request& request) {
  const auto& all = config_.alternatives.all;
  filter::LocalReply reply =
      authn::Challenges(std::string_view())
          .reply(Result::kMissing, "the request has no credentials", request);
  reply.headers->clear();
  for (std::size_t i = 0; i < all.size(); ++i) {
    reply.headers->add("www-authenticate", all[i]->challenge(local_.part(i)));
  }
  return filter::Verdict::reply(reply);
}

}  // namespace weir::gateway
