#include <string>

#include "gateway/limit/rate_limit.h"

// What /explain tells of a rate limit; tested in tests/integration/explain_test.py.
namespace weir::gateway {
namespace {

std::string limitText(const RateLimit::Rule& rule) {
  std::string text;
  if (rule.rate) text = rule.rate->text();
  if (rule.quota) text = rule.quota->text();
  if (rule.in_flight) text = std::to_string(*rule.in_flight) + " in flight";
  text += " by";
  for (const std::string& part : rule.key) text += " " + part;
  return text;
}

}  // namespace

filter::Finding RateLimit::explain(const Config& config, const http::Request&,
                                   const http::ExchangeView&) {
  filter::Finding finding;
  finding.why =
      config.enforcement == Enforcement::kShadow ? "counts only: " : "depends on counts: ";
  for (const Rule& rule : config.effective()) {
    if (&rule != config.effective().data()) finding.why += ", ";
    finding.why += limitText(rule);
  }
  return finding;
}

}  // namespace weir::gateway
