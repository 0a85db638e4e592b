#include "observability/tap/failure_log.h"

#include <algorithm>

#include "observability/text/secrets.h"

namespace weir::tap {
namespace {

constexpr std::size_t kMostTarget = 512;
constexpr std::size_t kMostText = 160;

void assign(std::string& to, std::string_view text, std::size_t most = kMostText) {
  to = text.substr(0, most);
  if (text.size() > most) to += "...";
}

void assignTarget(std::string& to, const http::ExchangeRecord& record) {
  assign(to, record.path, kMostTarget);
  if (!record.has_query) return;
  std::string query = "?";
  visitRedacted(record.query, [&query](std::string_view piece) {
    if (query.size() <= kMostTarget) query += piece;
  });
  std::string text = to + query;
  assign(to, text, kMostTarget);
}

std::string_view methodOf(const http::ExchangeRecord& record) {
  if (!record.transport.empty()) return record.transport;
  return record.method_text.empty() ? toString(record.method) : record.method_text;
}

bool isOfClient(const http::ExchangeRecord& record) {
  return record.reason == Reason::kClientDisconnect || record.transport == http::kTlsTransport ||
         (record.status >= 400 && record.status < 500);
}

}  // namespace

Failure& FailureLog::Ring::take() {
  if (failures.size() < kEach) return failures.emplace_back();
  Failure& oldest = failures[next];
  next = (next + 1) % kEach;
  return oldest;
}

void FailureLog::log(const http::ExchangeRecord& record) {
  Failure& failure = rings_[isOfClient(record) ? 1 : 0].take();
  const bool own = record.reason != Reason::kNone;
  failure.duration = std::max(record.times.total, Nanoseconds(0));
  failure.time = record.start + failure.duration;
  failure.status = record.status;
  failure.attempts = record.attempts;
  failure.reason = toString(own ? record.reason : Reason::kUpstreamStatus);
  assign(failure.detail, own ? record.reason_detail : "the response of the upstream");
  assign(failure.method, methodOf(record));
  assign(failure.authority, record.authority);
  assignTarget(failure.target, record);
  assign(failure.client, record.client_address);
  assign(failure.identity, record.client_identity);
  assign(failure.listener, record.listener);
  assign(failure.route, record.route);
  assign(failure.upstream, record.upstream);
  assign(failure.endpoint, record.endpoint);
  assign(failure.request_id, record.request_id);
  assign(failure.trace_id, record.trace_id);
}

std::vector<Failure> FailureLog::latest() const {
  std::vector<Failure> all = rings_[0].failures;
  all.insert(all.end(), rings_[1].failures.begin(), rings_[1].failures.end());
  return all;
}

}  // namespace weir::tap
