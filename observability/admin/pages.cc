#include "observability/admin/pages.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "observability/admin/health_service.h"
#include "observability/admin/json_text.h"
#include "observability/admin/plain_text.h"

namespace weir::admin {
namespace {

using http::Method;

constexpr std::pair<std::string_view, log::Level> kLevels[] = {
    {"debug", log::Level::kDebug},
    {"info", log::Level::kInfo},
    {"warning", log::Level::kWarning},
    {"error", log::Level::kError},
};

void metrics(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  answer({.content_type = kMetricsText, .body = subject.metricsPage()});
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

void upstreams(const PageRequest&, AdminBackend& subject, const Answer& answer) {
  subject.upstreams(
      [answer](const UpstreamStates& states) { answer({.body = upstreamsJson(states)}); });
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
      {"source", &ExplainQuery::source},
  };
  for (const auto& [key, field] : kFields) {
    if (name != key) continue;
    query.*field = value;
    return true;
  }
  return false;
}

void explain(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  if (question.parameters.empty()) {
    return answer(errorReply(400, "needs a request to explain, such as ?path=/orders"));
  }
  ExplainQuery query;
  for (const auto& parameter : question.parameters) {
    if (readParameter(parameter, query)) continue;
    return answer(errorReply(400, "unknown parameter \"" + parameter.first +
                                      "\"; there are method, host, path, listener, source and "
                                      "header.NAME"));
  }
  const Explanation explanation = subject.explain(query);
  if (!explanation.mistake.empty()) return answer(errorReply(400, explanation.mistake));
  if (question.wants_text) {
    answer({.content_type = kPlainText, .body = explanationText(query, explanation)});
  } else {
    answer({.body = explanationJson(query, explanation)});
  }
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

struct Page {
  Method method;  // kGet: kHead as well
  std::string_view path;
  std::string_view meaning;
  void (*answer)(const PageRequest&, AdminBackend&, const Answer&);
};

constexpr auto kPages = std::to_array<Page>({
    {Method::kGet, "/", "This page", index},
    {Method::kGet, "/metrics", "Metrics in the Prometheus text format", metrics},
    {Method::kGet, "/healthz", "200 while the process is alive", liveness},
    {Method::kGet, "/readyz", "200 while the process accepts traffic, otherwise 503 and the reason",
     readiness},
    {Method::kPost, kHealthCheck, "The same for gRPC, over HTTP/2", healthService},
    {Method::kGet, "/config", "The configuration in force, without secrets", configuration},
    {Method::kGet, "/upstreams", "Upstreams and their endpoints", upstreams},
    {Method::kGet, "/listeners", "Listeners and their connections", listeners},
    {Method::kGet, "/explain",
     "Which route a request matches, and why: "
     "?method=&amp;host=&amp;path=&amp;listener=&amp;source=&amp;header.NAME=",
     explain},
    {Method::kPost, "/reload", "Reload the configuration", reload},
    {Method::kPost, "/drain", "Drain, then exit once requests in flight have completed", drain},
    {Method::kGet, "/log-level", "Log level of the process", showLogLevel},
    {Method::kPost, "/log-level", "Set the log level: ?level=debug, info, warning or error",
     setLogLevel},
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
    body.append("<dd>").append(page.meaning).append("</dd>\n");
  }
  answer({.content_type = kHtml, .body = body + "</dl>\n</body>\n</html>\n"});
}

bool takes(const Page& page, Method method) {
  return page.method == method || (page.method == Method::kGet && method == Method::kHead);
}

}  // namespace

void servePage(const PageRequest& question, AdminBackend& subject, const Answer& answer) {
  std::string allow;
  for (const Page& page : kPages) {
    if (page.path != question.path) continue;
    if (takes(page, question.method)) return page.answer(question, subject, answer);
    if (!allow.empty()) allow += ", ";
    allow += page.method == Method::kGet ? "GET, HEAD" : "POST";
  }
  if (allow.empty()) return answer(errorReply(404, "no such page; / lists them"));
  PageReply reply = errorReply(405, "requires " + allow);
  reply.allow = std::move(allow);
  answer(std::move(reply));
}

}  // namespace weir::admin
