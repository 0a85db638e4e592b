#include "gateway/transform/heads/transform.h"

#include <cstdint>

#include "core/base/number.h"
#include "core/route/variables.h"
#include "gateway/transform/metrics.h"

namespace weir::gateway {
namespace {

// Statuses whose responses have a body, or none that framing must know of.
bool isChangeableStatus(int status) {
  constexpr int kNoContent = 204;
  constexpr int kResetContent = 205;
  constexpr int kNotModified = 304;
  return status >= 200 && status <= 599 && status != kNoContent && status != kResetContent &&
         status != kNotModified;
}

}  // namespace

void Transform::RequestChanges::read(config::Table& table, RequestChanges& out) {
  table.read("headers", out.headers, "Changes to the headers.");
  table.read("trailers", out.trailers, "Changes to the trailers, if there are any.");
  table.read("cookies", out.cookies, "Changes to the cookies.");
  table.read("query", out.query, "Changes to the query parameters.");
  out.headers.complete(table, "headers", HeaderChanges::Place::kRequest, false);
  out.trailers.complete(table, "trailers", HeaderChanges::Place::kRequest, true);
}

void Transform::ResponseChanges::read(config::Table& table, ResponseChanges& out) {
  table.read("headers", out.headers, "Changes to the headers.");
  table.read("trailers", out.trailers, "Changes to the trailers, if there are any.");
  table.read("cookies", out.cookies, "Attributes of the cookies that the upstream sets.");
  table.read("status", out.status,
             "Statuses of the upstream and those that the client receives instead, such as "
             "`{ 404 = 410 }`.");
  out.headers.complete(table, "headers", HeaderChanges::Place::kResponse, false);
  out.trailers.complete(table, "trailers", HeaderChanges::Place::kResponse, true);
  out.statuses.clear();
  for (const auto& [from, to] : out.status) {
    const auto number = parseNumber<int>(from);
    if (number && isChangeableStatus(*number) && isChangeableStatus(to)) {
      out.statuses.emplace_back(*number, to);
    } else {
      table.fail("status", "cannot change " + from + " to " + std::to_string(to) +
                               ": statuses are 200 to 599 without 204, 205 and 304");
    }
  }
}

void Transform::Config::read(config::Table& table, Config& out) {
  table.read("request", out.request, "Changes to requests, before later filters see them.");
  table.read("response", out.response, "Changes to the responses of upstreams.");
}

// Calls `change` with the facts for values.
template <typename Change>
void Transform::withFacts(Change change) {
  const http::ExchangeRecord& record = control_.record();
  route::ExchangeVariables variables;
  variables.request = request_;
  variables.response = response_;
  variables.authority = record.authority;
  variables.request_id = record.request_id;
  variables.client_address = control_.clientAddress();
  variables.client_identity = record.client_identity;
  variables.route_name = record.route;
  variables.upstream_name = record.upstream;
  std::uint64_t dropped = 0;
  change(HeadFacts{variables, control_.facts(), control_.arena(), dropped});
  if (dropped > 0) local_.metrics.counter(transformDroppedKey()).add(dropped);
}

filter::Verdict Transform::onRequest(http::Request& request) {
  request_ = &request;
  const RequestChanges& changes = config_.request;
  withFacts([&](const HeadFacts& facts) {
    changes.headers.apply(request.headers, facts);
    if (!changes.cookies.empty()) changes.cookies.apply(request.headers, facts);
    if (!changes.query.empty()) changes.query.apply(request, facts);
  });
  if (!changes.trailers.empty()) control_.watchRequestBody(filter::BodyMode::trailers());
  return filter::Verdict::proceed();
}

filter::Verdict Transform::onResponse(http::Response& response) {
  response_ = &response;
  const ResponseChanges& changes = config_.response;
  if (!changes.headers.empty()) {
    withFacts([&](const HeadFacts& facts) { changes.headers.apply(response.headers, facts); });
  }
  for (const CookieAttributes& each : changes.cookies) each.apply(response.headers);
  for (const auto& [from, to] : changes.statuses) {
    if (response.status != from) continue;
    response.status = to;
    break;
  }
  if (!changes.trailers.empty()) control_.watchResponseBody(filter::BodyMode::trailers());
  return filter::Verdict::proceed();
}

filter::Verdict Transform::onRequestTrailers(http::Headers& trailers) {
  withFacts([&](const HeadFacts& facts) { config_.request.trailers.apply(trailers, facts); });
  return filter::Verdict::proceed();
}

filter::Verdict Transform::onResponseTrailers(http::Headers& trailers) {
  withFacts([&](const HeadFacts& facts) { config_.response.trailers.apply(trailers, facts); });
  return filter::Verdict::proceed();
}

}  // namespace weir::gateway
