#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "core/authz/policy_index.h"
#include "core/authz/rule.h"
#include "core/base/check.h"
#include "core/config/settings.h"
#include "core/http/facts.h"

namespace weir::authz {
namespace {

struct Rules {
  std::vector<Rule> rules;
  static void read(config::Table& table, Rules& out) {
    table.read("authorize", out.rules, "Policies.");
  }
};

std::string_view takeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// Whatever the policies, the index finds all that match.
void examine(const std::vector<Policy>& policies, const Question& question) {
  const PolicyIndex index(policies);
  std::set<const Policy*> found;
  index.forCandidates(question, [&](const Policy& each) { found.insert(&each); });
  for (const Policy& each : policies) {
    WEIR_CHECK(!each.match(question) || found.contains(&each));
  }
}

}  // namespace
}  // namespace weir::authz

// Lines: identity, method, host, path, client address; then policies in TOML.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  http::ExchangeRecord record;
  record.client_identity = authz::takeLine(text);
  record.method_text = authz::takeLine(text);
  record.authority = authz::takeLine(text);
  record.path = authz::takeLine(text);
  record.client_address = authz::takeLine(text);
  record.server_port = 443;
  config::Extensions extensions;
  config::Diagnostics diagnostics;
  authz::Rules rules;
  auto document = config::Document::parse(text, "fuzz.toml", diagnostics);
  config::readSettings(document, extensions, rules, diagnostics);
  if (!diagnostics.empty()) return 0;
  std::vector<authz::Policy> policies;
  for (authz::Rule& rule : rules.rules) policies.push_back(std::move(rule.policy));
  BlockPool pool(4096);
  Arena arena(pool);
  http::Headers headers(arena);
  headers.add("x-team", "blue");
  record.request_headers = &headers;
  const http::ExchangeFacts facts(record);
  for (const auto subject :
       {authz::Subject::kRequest, authz::Subject::kBytes, authz::Subject::kAnyRequest}) {
    authz::examine(policies, authz::Question(subject, record, facts, arena));
  }
  return 0;
}
