#include "observability/tap/failure_page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/number.h"
#include "core/base/utc_time.h"
#include "observability/text/table.h"

namespace weir::tap {
namespace {

using Json = nlohmann::ordered_json;

bool fits(const Failure& failure, const FailureQuery& query) {
  return (query.reason.empty() || failure.reason == query.reason) &&
         (query.route.empty() || failure.route == query.route) &&
         (query.upstream.empty() || failure.upstream == query.upstream);
}

double millisecondsOf(Nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void addText(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json jsonOf(const Failure& failure) {
  Json json = {{"time", UtcTime{failure.time}.preciseText()}, {"reason", failure.reason}};
  addText(json, "detail", failure.detail);
  if (failure.status != 0) json["status"] = failure.status;
  addText(json, "method", failure.method);
  addText(json, "authority", failure.authority);
  addText(json, "path", failure.target);
  addText(json, "client", failure.client);
  addText(json, "identity", failure.identity);
  addText(json, "listener", failure.listener);
  addText(json, "route", failure.route);
  addText(json, "upstream", failure.upstream);
  addText(json, "endpoint", failure.endpoint);
  json["attempts"] = failure.attempts;
  json["duration_ms"] = millisecondsOf(failure.duration);
  addText(json, "request_id", failure.request_id);
  addText(json, "trace_id", failure.trace_id);
  return json;
}

std::string textOf(const std::vector<const Failure*>& failures) {
  std::vector<TextRow> rows = {
      {"TIME", "STATUS", "REASON", "REQUEST", "CLIENT", "ROUTE", "ENDPOINT", "DETAIL"}};
  for (const Failure* each : failures) {
    rows.push_back({UtcTime{each->time}.preciseText(),
                    each->status == 0 ? "-" : std::to_string(each->status),
                    std::string(each->reason), each->method + " " + each->authority + each->target,
                    each->client, each->route, each->endpoint, each->detail});
  }
  return printableText(textTable(rows));
}

}  // namespace

std::string FailureQuery::read(const admin::PageRequest& request, FailureQuery& out) {
  const std::pair<std::string_view, std::string FailureQuery::*> texts[] = {
      {"reason", &FailureQuery::reason},
      {"route", &FailureQuery::route},
      {"upstream", &FailureQuery::upstream}};
  for (const auto& parameter : request.parameters) {
    const std::string_view name = parameter.first;
    const auto& value = parameter.second;
    const auto* const text =
        std::ranges::find_if(texts, [name](const auto& each) { return each.first == name; });
    if (text != std::end(texts)) {
      out.*(text->second) = value;
      continue;
    }
    const auto limit = name == "limit" ? parseNumber<std::size_t>(value) : std::nullopt;
    if (!limit || *limit == 0 || *limit > kMost) {
      return "there are limit (1 to 1000), reason, route and upstream";
    }
    out.limit = *limit;
  }
  return {};
}

admin::PageReply failurePage(const FailureQuery& query, bool as_text,
                             const std::vector<std::vector<Failure>>& parts, std::size_t silent) {
  std::vector<const Failure*> found;
  for (const std::vector<Failure>& part : parts) {
    for (const Failure& each : part) {
      if (fits(each, query)) found.push_back(&each);
    }
  }
  std::ranges::stable_sort(found, std::ranges::greater(),
                           [](const Failure* each) { return each->time; });
  if (found.size() > query.limit) found.resize(query.limit);
  if (as_text) return {.content_type = admin::kPlainText, .body = textOf(found)};
  Json json = {{"errors", Json::array()}};
  for (const Failure* each : found) json["errors"].push_back(jsonOf(*each));
  if (silent > 0) json["silent_workers"] = silent;
  return {.body = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace weir::tap
