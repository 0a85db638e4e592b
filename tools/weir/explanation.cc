#include "tools/weir/explanation.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "core/base/names.h"
#include "core/http/syntax.h"
#include "core/proxy/plan.h"
#include "core/server/counts.h"
#include "core/server/plan_builder.h"
#include "observability/admin/explain.h"
#include "observability/admin/json_text.h"
#include "observability/admin/plain_text.h"
#include "tools/weir/configuration.h"
#include "tools/weir/upstream_states.h"

// Tested in tests/integration/explain_test.py.
namespace weir {
namespace {

constexpr int kServed = 0;
constexpr int kRefused = 1;
constexpr int kInvalid = 2;

int complain(const std::string& what) {
  std::fprintf(stderr, "weir: %s\n", what.c_str());
  return kInvalid;
}

// Returns what is wrong with the header, or empty.
std::string addHeader(const std::string& line, admin::ExplainQuery& query) {
  const std::size_t colon = line.find(':');
  const std::string name = line.substr(0, colon);
  if (colon == std::string::npos || !http::isToken(name)) {
    return "--header \"" + line + "\": needs \"Name: value\"";
  }
  const std::size_t start = line.find_first_not_of(" \t", colon + 1);
  std::string value = start == std::string::npos ? std::string() : line.substr(start);
  if (!http::equalsIgnoringCase(name, "host")) {
    query.headers.emplace_back(name, std::move(value));
  } else {
    query.host = std::move(value);
  }
  return {};
}

std::string readQuestion(ExplainOptions& options) {
  if (!http::isToken(options.query.method)) return "\"" + options.query.method + "\" is no method";
  if (std::string wrong = readUrl(options.url, options.query); !wrong.empty()) {
    return "\"" + options.url + "\": " + wrong;
  }
  for (const std::string& header : options.headers) {
    if (std::string wrong = addHeader(header, options.query); !wrong.empty()) return wrong;
  }
  return {};
}

admin::UpstreamState stateIn(const upstream::ClusterPlan& cluster) {
  admin::UpstreamState state = plannedState(cluster, cluster.discovery->known());
  for (admin::EndpointState& endpoint : state.endpoints)
    endpoint.state = stateOf(endpoint, nullptr);
  return state;
}

int print(const ExplainOptions& options, const proxy::Plan& plan) {
  auto explanation = admin::explainRequest(options.query, plan);
  addStates(plan, stateIn, explanation);
  if (!explanation.mistake.empty()) return complain(explanation.mistake);
  const std::string text = options.json ? admin::explanationJson(options.query, explanation)
                                        : admin::explanationText(options.query, explanation);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return explanation.serves() ? kServed : kRefused;
}

}  // namespace

int explainRequest(ExplainOptions options) {
  if (const std::string wrong = readQuestion(options); !wrong.empty()) return complain(wrong);
  server::Registry registry;
  registerAll(registry);
  config::Diagnostics diagnostics;
  NameTable names;
  server::Counts counts;
  server::PlanBuilder builder(registry, names, counts);
  std::shared_ptr<const proxy::Plan> plan;
  auto document = config::Document::load(options.path, diagnostics);
  const auto configuration = readConfiguration(document, registry, diagnostics);
  if (configuration) plan = builder.build(configuration->core, nullptr, diagnostics);
  if (plan == nullptr || !diagnostics.empty()) {
    std::fputs(diagnostics.text().c_str(), stderr);
    return kInvalid;
  }
  return print(options, *plan);
}

}  // namespace weir
