#include "core/authz/filter.h"

#include <new>

#include "core/filter/worker_parts.h"

namespace weir::authz {

filter::Verdict admit(const Judge& judge, const http::Request& request, MetricCells& metrics,
                      const filter::Control& control, bool policy_header) {
  const Question question(request, control.record(), control.facts());
  const Decision decision = judge.judge(question);
  judge.count(decision, metrics);
  if (judge.hasShadow()) control.noteShadow(judge.shadowText(decision, control.arena()));
  if (!decision.denied()) return filter::Verdict::proceed();
  const Policy* const policy = decision.enforced.policy;
  filter::LocalReply reply;
  reply.status = 403;
  reply.reason = Reason::kAuthzDenied;
  reply.detail = describe(decision.enforced, Subject::kRequest, control.arena());
  if (policy_header && policy != nullptr) {
    reply.headers.emplace(control.arena()).add("x-weir-policy", policy->name);
  }
  return filter::Verdict::reply(reply);
}

filter::Verdict PolicyFilter::onRequest(http::Request& request) {
  return admit(policies_.judge(), request, control_.parts()->metrics(), control_);
}

filter::Filter* PolicyFilterMaker::make(Arena& arena, filter::Control& control) const {
  void* const memory = arena.allocate(sizeof(PolicyFilter), alignof(PolicyFilter));
  return new (memory) PolicyFilter(*policies_, control);
}

filter::Finding PolicyFilterMaker::explain(const http::Request& request,
                                           const http::ExchangeView& view) const {
  return authz::explain(policies_->policies(), Question(request, view.record, view.facts));
}

}  // namespace weir::authz
