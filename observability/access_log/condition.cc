#include "observability/access_log/condition.h"

#include <string_view>
#include <vector>

namespace weir::access_log {
namespace {

// "5xx", "400-499", ">=500", "404" or a number, compared with response.status.
std::string statusTest(const config::Value& value) {
  const std::string text = config::plainText(value);
  const std::string status = "response.status ";
  if (text.starts_with('<') || text.starts_with('>')) {
    const std::size_t digits = text.find_first_not_of("<>=");
    if (digits == std::string::npos) return {};
    return status + text.substr(0, digits) + " " + text.substr(digits);
  }
  if (text.size() == 3 && text.ends_with("xx")) {
    return status + "/ 100 == " + text.substr(0, 1);
  }
  const std::size_t dash = text.find('-');
  if (dash == std::string::npos) return status + "== " + text;
  return "(" + status + ">= " + text.substr(0, dash) + " && " + status +
         "<= " + text.substr(dash + 1) + ")";
}

// False if the key belongs to no condition.
bool addTests(const config::Member& member, std::vector<std::string>& tests) {
  if (member.key == "status") {
    const auto* const several = member.value.as<config::Value::Array>();
    if (several == nullptr) tests.push_back(statusTest(member.value));
    for (const config::Value& one : several == nullptr ? config::Value::Array() : *several) {
      tests.push_back(statusTest(one));
    }
    return true;
  }
  if (member.key == "min_duration") {
    tests.push_back("response.duration >= duration('" + config::plainText(member.value) + "')");
    return true;
  }
  const auto* const wanted = member.value.as<bool>();
  if (member.key == "reason" && wanted != nullptr && *wanted) {
    tests.emplace_back("has(response.reason)");
  }
  return member.key == "reason";
}

}  // namespace

std::string ConditionVariables::replacement(const config::Value& table) {
  const auto* const members = table.as<config::Value::Table>();
  if (members == nullptr) return {};
  std::vector<std::string> tests;
  for (const config::Member& member : *members) {
    if (!addTests(member, tests)) return {};
  }
  std::string text;
  for (const std::string& test : tests) text += (text.empty() ? "" : " || ") + test;
  expr::Mistake mistake;
  return Condition::parse(text, mistake) ? text : std::string();
}

bool holds(const Condition& condition, const http::ExchangeRecord& record, Arena& arena) {
  if (!condition.given()) return true;
  return condition.program().holds(http::ExchangeFacts(record), arena);
}

}  // namespace weir::access_log
