#include "observability/dashboard/dashboard.h"

#include <utility>

#include "core/base/number.h"
#include "core/proxy/plan.h"
#include "core/server/server.h"
#include "observability/dashboard/overview_json.h"

namespace weir::dashboard {

Dashboard::Dashboard(event::Loop& loop, metrics::Page& page, server::Server& server)
    : loop_(loop), page_(page), server_(server), idle_(loop.wheel(), *this) {
  idle_.arm(kIdleCheck);
}

void Dashboard::onIdle() {
  idle_.arm(kIdleCheck);
  if (samples_.due(monotonicNow())) history_.follow(page_.gather(), wallClockNow());
}

void Dashboard::refresh() {
  const Nanoseconds now = monotonicNow();
  if (!samples_.due(now)) return;
  const metrics::SeriesTable& table = page_.gather();
  samples_.take(table, now, wallClockNow());
  history_.follow(table, wallClockNow());
}

std::uint64_t Dashboard::generation() const {
  return server_.plan() == nullptr ? 0 : server_.plan()->generation;
}

const Topology& Dashboard::topology() {
  if (!topology_ || topology_->generation != generation()) {
    topology_ = server_.plan() == nullptr ? Topology{} : Topology::of(*server_.plan());
  }
  return *topology_;
}

admin::PageReply Dashboard::serve(const admin::PageRequest& request) {
  Rows rows;
  if (!Rows::read(request, rows)) return admin::errorReply(400, "offset and limit are numbers");
  const std::string* const after = request.parameter("after");
  const auto number = parseNumber<std::uint64_t>(after == nullptr ? "0" : *after);
  if (!number) return admin::errorReply(400, "after is the number of an event");
  refresh();
  const Scene scene{.topology = topology(),
                    .samples = samples_,
                    .history = history_,
                    .names = page_.names(),
                    .discoveries = server_.directory(),
                    .wall = wallClockNow(),
                    .draining = server_.draining(),
                    .workers = server_.workers().size()};
  if (request.path == "/overview") return {.body = overviewJson(scene, rows)};
  if (request.path == "/overview/history") return {.body = historyJson(scene)};
  if (request.path == "/overview/routes") return {.body = routesJson(scene, rows)};
  if (request.path == "/overview/upstreams") return {.body = upstreamsJson(scene, rows)};
  if (request.path == "/edges") return {.body = edgesJson(scene)};
  if (request.path == "/events") return {.body = eventsJson(scene, *number)};
  return {.body = certificatesJson(scene)};
}

void Dashboard::noteStart() {
  add({.kind = Event::Kind::kReload, .severity = Event::Severity::kGood, .text = "started"});
}

void Dashboard::noteReload(const admin::ReloadOutcome& outcome) {
  Event event{.kind = Event::Kind::kReload};
  event.severity = outcome.applied ? Event::Severity::kGood : Event::Severity::kBad;
  event.text =
      outcome.applied ? "configuration applied" : "configuration rejected, the old one is in force";
  event.notes = outcome.warnings;
  event.notes.insert(event.notes.end(), outcome.notes.begin(), outcome.notes.end());
  if (!outcome.applied) event.mistakes = outcome.diagnostics.sorted();
  add(std::move(event));
}

void Dashboard::noteCertificates(unsigned renewed, const std::vector<std::string>& troubles) {
  if (renewed > 0) {
    add({.kind = Event::Kind::kCertificate,
         .severity = Event::Severity::kGood,
         .text = renewed == 1 ? "a certificate was renewed"
                              : std::to_string(renewed) + " certificates were renewed"});
  }
  for (const std::string& trouble : troubles) {
    add({.kind = Event::Kind::kCertificate,
         .severity = Event::Severity::kBad,
         .text = "the certificate in use is kept: " + trouble});
  }
}

void Dashboard::add(Event event) {
  event.generation = generation();
  history_.add(std::move(event), wallClockNow());
}

}  // namespace weir::dashboard
