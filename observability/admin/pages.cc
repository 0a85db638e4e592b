#include "observability/admin/pages.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "observability/admin/health_service.h"
#include "observability/admin/json_text.h"
#include "observability/admin/plain_text.h"
#include "observability/dashboard/overview_json.h"
#include "observability/dashboard/page_files.h"

namespace weir::admin {
namespace {

using http::Method;

constexpr std::pair<std::string_view, log::Level> kLevels[] = {
    {"debug", log::Level::kDebug},
    {"info", log::Level::kInfo},
    {"warning", log::Level::kWarning},
    {"error", log::Level::kError},
};

void metrics(const PageRequest& request, AdminBackend& subject, const Answer& answer) {
  answer(subject.metricsPage(request));
}

PageReply healthReply(bool good, const std::string& why) {
  if (good) return {.content_type = kPlainText, .body = "ok\n"};
  return {.status = 503, .content_type = kPlainText, .body = why + "\n"};
}

void liveness(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  const Health health = subject.health();
  answer(healthReply(health.live, health.why));
}

void readiness(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  const Health health = subject.health();
  answer(healthReply(health.live && health.ready, health.why));
}

void healthService(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  answer(checkHealth(question.body, subject.health()));
}

void configuration(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  answer({.content_type = kPlainText, .body = subject.configText()});
}

bool isOutOfUse(const EndpointState& endpoint) {
  return !endpoint.state.empty() && endpoint.state != "healthy";
}

// Only the endpoints that the reader sees, those out of use first.
void keepRows(const dashboard::Rows& rows, UpstreamState& upstream) {
  auto& endpoints = upstream.endpoints;
  std::stable_partition(endpoints.begin(), endpoints.end(), isOutOfUse);
  const auto size = static_cast<std::ptrdiff_t>(endpoints.size());
  const auto offset = static_cast<std::ptrdiff_t>(std::min(rows.offset, endpoints.size()));
  const auto count = std::min(static_cast<std::ptrdiff_t>(rows.limit), size - offset);
  endpoints.erase(endpoints.begin() + offset + count, endpoints.end());
  endpoints.erase(endpoints.begin(), endpoints.begin() + offset);
}

void upstreams(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  const std::string* const name = question.parameter("name");
  if (name == nullptr) {
    return subject.upstreams(
        [answer](const UpstreamStates& states) { answer({.body = upstreamsJson(states)}); });
  }
  dashboard::Rows rows;
  if (!dashboard::Rows::read(question, rows)) {
    return answer(errorReply(400, "offset and limit are numbers"));
  }
  subject.upstream(*name, [answer, rows](UpstreamStates states) {
    if (states.upstreams.empty()) return answer(errorReply(404, "no such upstream"));
    const std::size_t endpoints = states.upstreams.front().endpoints.size();
    keepRows(rows, states.upstreams.front());
    answer({.body = upstreamsJson(states, endpoints)});
  });
}

void dashboardPage(const PageRequest& question, AdminBackend&, const Answer& answer) {
  answer(dashboard::pageFile(question.path));
}

void dashboardData(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  answer(subject.dashboard(question));
}

void listeners(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  subject.listeners([answer](const std::vector<ListenerState>& states) {
    answer({.body = listenersJson(states)});
  });
}

// False if the page has no such parameter.
bool readParameter(const std::pair<std::string, std::string>& parameter, ExplainQuery& query) {
  constexpr std::string_view kHeader = "header.";
  const auto& [name, value] = parameter;
  if (name.starts_with(kHeader) && name.size() > kHeader.size()) {
    query.headers.emplace_back(name.substr(kHeader.size()), value);
    return true;
  }
  constexpr std::pair<std::string_view, std::string ExplainQuery::*> kFields[] = {
      {"method", &ExplainQuery::method}, {"host", &ExplainQuery::host},
      {"path", &ExplainQuery::path},     {"listener", &ExplainQuery::listener},
      {"source", &ExplainQuery::source}, {"as", &ExplainQuery::caller},
  };
  for (const auto& [key, field] : kFields) {
    if (name != key) continue;
    query.*field = value;
    return true;
  }
  if (name == "group") query.groups.push_back(value);
  if (name == "scope") query.scopes.push_back(value);
  return name == "group" || name == "scope";
}

// What is wrong with the parameters, or empty.
std::string readParameters(const PageRequest& question, ExplainQuery& query) {
  if (question.parameters.empty()) return "needs a request to explain, such as ?path=/orders";
  for (const auto& parameter : question.parameters) {
    if (parameter.first == "url") {
      if (std::string wrong = readUrl(parameter.second, query); !wrong.empty()) return wrong;
    } else if (!readParameter(parameter, query)) {
      return "unknown parameter \"" + parameter.first +
             "\"; there are method, url, host, path, listener, source, as, group, scope and "
             "header.NAME";
    }
  }
  return {};
}

void explain(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  ExplainQuery query;
  if (std::string wrong = readParameters(question, query); !wrong.empty()) {
    return answer(errorReply(400, wrong));
  }
  subject.explain(query, [answer, query, text = question.wants_text](const Explanation& known) {
    if (!known.mistake.empty()) return answer(errorReply(400, known.mistake));
    if (!text) return answer({.body = explanationJson(query, known)});
    answer({.content_type = kPlainText, .body = explanationText(query, known)});
  });
}

void errors(const PageRequest& request, AdminBackend& subject, const Answer& answer) {
  subject.errorsPage(request, answer);
}

void tap(const PageRequest& request, AdminBackend& subject, const Answer& answer) {
  subject.tapPage(request, answer);
}

void reload(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  subject.reload([answer, text = question.wants_text](const ReloadOutcome& outcome) {
    answer({.status = outcome.applied ? 200 : 422,
            .content_type = text ? kPlainText : kJson,
            .body = text ? reloadText(outcome) : reloadJson(outcome)});
  });
}

void drain(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  subject.drain();
  answer({.status = 202, .body = pairJson("result", "draining")});
}

void showLogLevel(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  std::string_view word;
  for (const auto& [name, level] : kLevels) {
    if (level == subject.logLevel()) word = name;
  }
  answer({.body = pairJson("level", word)});
}

void setLogLevel(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  const std::string* wanted = question.parameter("level");
  for (const auto& [name, level] : kLevels) {
    if (wanted == nullptr || *wanted != name) continue;
    subject.setLogLevel(level);
    return showLogLevel(question, subject, answer);
  }
  answer(errorReply(400, "needs ?level= with debug, info, warning or error"));
}

void index(const PageRequest&, AdminBackend&, const Answer& answer);

void home(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  const bool browser = question.accept.find("text/html") != std::string::npos;
  return browser ? dashboardPage(question, subject, answer) : index(question, subject, answer);
}

constexpr auto kPages = std::to_array<Page>({
    {Method::kGet, "/", Role::kNone, "The dashboard for browsers, for others this page", home},
    {Method::kGet, "/pages", Role::kNone, "This page", index},
    {Method::kGet, "/dashboard", Role::kNone, "The dashboard", dashboardPage},
    {Method::kGet, "/metrics", Role::kView, "Metrics for Prometheus, in text or Protocol Buffers",
     metrics},
    {Method::kGet, "/healthz", Role::kNone, "200 while the process is alive", liveness},
    {Method::kGet, "/readyz", Role::kNone,
     "200 while the process accepts traffic, otherwise 503 and the reason", readiness},
    {Method::kPost, kHealthCheck, Role::kNone, "The same for gRPC, over HTTP/2", healthService},
    {Method::kGet, "/config", Role::kView, "The configuration in force, without secrets",
     configuration},
    {Method::kGet, "/upstreams", Role::kView,
     "Upstreams and their endpoints; of one upstream: ?name=&amp;offset=&amp;limit=", upstreams,
     true},
    {Method::kGet, "/listeners", Role::kView, "Listeners and their connections", listeners, true},
    {Method::kGet, "/explain", Role::kOperate,
     "How a request is handled, and why: routes, filters, policies, endpoints: "
     "?method=&amp;url=&amp;listener=&amp;source=&amp;as=&amp;group=&amp;scope=&amp;header.NAME=",
     explain},
    {Method::kGet, "/overview", Role::kView,
     "Rates, success and latency of the process and its routes: "
     "?sort=&amp;filter=&amp;offset=&amp;limit=",
     dashboardData, true},
    {Method::kGet, "/overview/history", Role::kView, "The same of the process, in the last minutes",
     dashboardData},
    {Method::kGet, "/overview/routes", Role::kView,
     "Traffic from listeners through routes to upstreams", dashboardData, true},
    {Method::kGet, "/overview/upstreams", Role::kView, "Traffic and state of upstreams",
     dashboardData, true},
    {Method::kGet, "/edges", Role::kView, "Who calls what, and who was denied", dashboardData,
     true},
    {Method::kGet, "/events", Role::kView,
     "Reloads, ejections, changes of health, renewals of certificates: ?after=", dashboardData,
     true},
    {Method::kGet, "/certificates", Role::kView, "Certificates in use", dashboardData},
    {Method::kGet, "/errors", Role::kOperate,
     "The latest requests and connections that failed: "
     "?limit=&amp;reason=&amp;route=&amp;upstream=",
     errors},
    {Method::kPost, "/tap", Role::kOperate,
     "Requests as they end, with every step, as lines of JSON or events: "
     "?when=&amp;sample=&amp;rate=&amp;duration=&amp;headers=",
     tap},
    {Method::kPost, "/reload", Role::kOperate, "Reload the configuration", reload},
    {Method::kPost, "/drain", Role::kOperate,
     "Drain, then exit once requests in flight have completed", drain},
    {Method::kGet, "/log-level", Role::kView, "Log level of the process", showLogLevel},
    {Method::kPost, "/log-level", Role::kOperate,
     "Set the log level: ?level=debug, info, warning or error", setLogLevel},
});

void index(const PageRequest&, AdminBackend&, const Answer& answer) {
  std::string body =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>weir</title>"
      "</head>\n<body>\n<h1>weir</h1>\n<dl>\n";
  for (const Page& page : kPages) {
    if (page.method == Method::kGet) {
      body.append("<dt><a href=\"").append(page.path).append("\">");
      body.append(page.path).append("</a></dt>");
    } else {
      body.append("<dt>POST ").append(page.path).append("</dt>");
    }
    body.append("<dd>").append(page.meaning);
    if (page.live) body += "; with Accept: text/event-stream, each change as an event";
    if (page.needs == Role::kOperate) body += "; for the role operate";
    body += "</dd>\n";
  }
  answer({.content_type = kHtml, .body = body + "</dl>\n</body>\n</html>\n"});
}

bool takes(const Page& page, Method method) {
  return page.method == method || (page.method == Method::kGet && method == Method::kHead);
}

}  // namespace

const Page* findPage(const PageRequest& question, PageReply& refusal) {
  std::string allow;
  std::string_view path = question.path;
  if (path.starts_with("/dashboard/")) path = "/dashboard";  // a file of the page
  for (const Page& page : kPages) {
    if (page.path != path) continue;
    if (takes(page, question.method)) return &page;
    if (!allow.empty()) allow += ", ";
    allow += page.method == Method::kGet ? "GET, HEAD" : "POST";
  }
  if (allow.empty()) {
    refusal = errorReply(404, "no such page; / lists them");
    return nullptr;
  }
  refusal = errorReply(405, "requires " + allow);
  refusal.allow = std::move(allow);
  return nullptr;
}

void servePage(const Page& page, const PageRequest& question, AdminBackend& subject,
               const Answer& answer) {
  if (!page.live || !question.wants_events) return page.answer(question, subject, answer);
  answer({.content_type = kEventStream,
          .body = {},
          .feed = std::make_unique<PageRepeat>(page.answer, question, subject)});
}

}  // namespace weir::admin
