#include "gateway/auth/forward_auth/decider.h"

#include <utility>

#include "gateway/auth/forward_auth/ext_authz.h"

namespace weir::gateway::forward_auth {
namespace {

Decision decisionOf(const Answer& answer) {
  if (answer.kind == Answer::Kind::kAllowed) return Decision::kAllowed;
  return answer.kind == Answer::Kind::kFailed ? Decision::kError : Decision::kDenied;
}

}  // namespace

Decider::Decider(const Settings& settings, const filter::LocalTools& tools)
    : settings_(settings),
      loop_(tools.loop),
      client_(tools.client),
      metrics_(tools.metrics),
      away_(std::make_shared<const Answer>(
          Answer::failed("the auth service did not respond to several requests"))) {
  if (settings.cache) cache_ = std::make_unique<AnswerCache>(*settings.cache);
}

SharedAnswer Decider::ask(const Subject& subject, Asker& asker) {
  const auto key = cache_ == nullptr ? std::nullopt
                                     : settings_.cache->parts.of(subject.request, subject.control);
  if (cache_ != nullptr && !key) count(Lookup::kBypass);
  if (key) {
    if (SharedAnswer known = cache_->find(*key, loop_.now())) {
      count(Lookup::kHit);
      return known;
    }
    if (join(*key, asker)) return nullptr;
  }
  if (!outage_.mayAsk(loop_.now())) return away_;
  if (key) {
    askTogether(*key, subject, asker);
  } else {
    askAlone(subject, asker);
  }
  return nullptr;
}

// Waits for the answer to a question in progress; false if there is none, or too many wait for it.
bool Decider::join(std::string_view key, Asker& asker) {
  asker.key_ = key;
  const auto found = shared_.find(asker.key_);
  if (found == shared_.end() || found->second.waiting.full()) {
    asker.key_.clear();
    return false;
  }
  found->second.waiting.add(asker);
  count(Lookup::kShared);
  return true;
}

void Decider::askTogether(std::string_view key, const Subject& subject, Asker& asker) {
  const auto [place, is_new] = shared_.try_emplace(std::string(key));
  if (!is_new) return askAlone(subject, asker);
  count(Lookup::kMiss);
  asker.key_ = key;
  Shared& shared = place->second;
  shared.waiting.add(asker);
  shared.first = &asker;
  shared.question =
      start(subject, [this, key = asker.key_](Answer answer) { onShared(key, std::move(answer)); });
}

void Decider::note(const Answer& answer) {
  if (answer.silent) {
    outage_.onSilence(loop_.now());
  } else if (answer.kind != Answer::Kind::kBadRequest) {
    outage_.onAnswer();
  }
}

void Decider::onOverdue(Asker& asker) {
  // The question of several requests ends by its own time limit.
  if (asker.key_.empty()) outage_.onSilence(loop_.now());
  leave(asker);
}

void Decider::askAlone(const Subject& subject, Asker& asker) {
  asker.question_ = start(subject, [this, &asker](Answer answer) {
    note(answer);
    const Question ended = std::move(asker.question_);
    asker.onAnswer(std::make_shared<const Answer>(std::move(answer)));
  });
}

void Decider::askAside(const Subject& subject) {
  if (asides_.size() >= kMostAsides) return;
  asides_.emplace_front();
  const auto aside = asides_.begin();
  *aside = start(subject, [this, aside](const Answer& answer) {
    note(answer);
    const Question ended = std::move(*aside);
    asides_.erase(aside);
    metrics_.counter(decisionsKey(decisionOf(answer), true)).add();
  });
}

Question Decider::start(const Subject& subject, OnAnswer done) {
  const bool grpc = settings_.style == Style::kGrpc;
  return (grpc ? askGrpc : askHttp)(client_, settings_, subject, std::move(done));
}

// What the service excludes from reuse is for the request that it was asked about, as is a question
// that could not be asked. A request that comes from within asks again, or finds the answer in the
// cache.
void Decider::onShared(const std::string& key, Answer answer) {
  note(answer);
  auto node = shared_.extract(key);
  const auto made = std::make_shared<const Answer>(std::move(answer));
  cache_->add(node.key(), made, loop_.now());
  ending_ = &node.mapped();
  const bool common = made->kind != Answer::Kind::kBadRequest && made->fresh != Milliseconds(0);
  const Asker* const first = ending_->first;
  ending_->waiting.resumeAll([&](Asker& asker) {
    asker.key_.clear();
    if (common || &asker == first) return asker.onAnswer(made);
    asker.askAgain();
  });
  ending_ = nullptr;
}

// A shared question goes on, unless there are too many: its answer is of use for the next request.
void Decider::leave(Asker& asker) {
  asker.question_.reset();
  if (asker.key_.empty()) return;
  if (const auto found = shared_.find(asker.key_); found != shared_.end()) {
    Shared& shared = found->second;
    shared.waiting.remove(asker);
    if (shared.first == &asker) shared.first = nullptr;
    if (shared.waiting.empty() && shared_.size() > kMostAsides) shared_.erase(found);
  }
  if (ending_ != nullptr) ending_->waiting.remove(asker);
  asker.key_.clear();
}

}  // namespace weir::gateway::forward_auth
