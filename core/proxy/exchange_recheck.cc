#include "core/authz/judge.h"
#include "core/http/facts.h"
#include "core/proxy/connection_metrics.h"
#include "core/proxy/exchange.h"
#include "core/proxy/exchange_report.h"

// What ends a request that was admitted: other policies, or a client that is no longer accepted.
namespace weir::proxy {

Exchange::Standing Exchange::judgeAgain(const authz::PolicySet& policies) {
  // A request whose head is not complete will be judged by its own plan, which is the new one.
  if (state_.stage == Stage::kDone || state_.stage == Stage::kAdmission) return Standing::kHolds;
  if (state_.listenerPlan().authorize.get() == &policies) return Standing::kHolds;
  if (state_.stage <= Stage::kRequestFilters) return Standing::kUndecided;  // as is its sender
  Arena arena(state_.loop().scratch());
  http::ExchangeRecord record = describeExchange(state_);
  if (state_.view != nullptr) record.principal = &state_.view->principal;
  const http::ExchangeFacts facts(record);
  const authz::Question question(authz::Subject::kRequest, record, facts, arena);
  const authz::Decision decision = policies.judge().judge(question);
  if (!decision.denied()) return Standing::kHolds;
  policies.judge().count(decision, state_.engine.metrics());
  cutOff(Reason::kAuthzDenied,
         authz::describe(decision.enforced, authz::Subject::kRequest, state_.arena));
  return Standing::kEnded;
}

// `detail` is static or in the arena.
void Exchange::cutOff(Reason reason, std::string_view detail) {
  if (state_.stage == Stage::kDone || state_.stage == Stage::kAdmission) return;
  const NameId listener = state_.listener.id();
  state_.engine.metrics().counter(revokedKey(listener, RevokedKind::kStream, reason)).add();
  replyLocally({.status = 403, .reason = reason, .detail = detail}, 0);
  run();
}

}  // namespace weir::proxy
