#include "core/config/redaction.h"

#include <algorithm>
#include <string>

namespace weir::config {
namespace {

constexpr std::string_view kWords[] = {"auth",    "cookie",   "token",     "secret",
                                       "key",     "password", "passwd",    "credential",
                                       "session", "jwt",      "signature", "csrf"};

std::string inLowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool isAboutHeaders(std::string_view key) {
  return key == "headers" || key.ends_with("_headers") || key == "query";
}

// Hides a value, or every text in it.
void hide(Value& value) {
  if (value.as<std::string>() != nullptr) {
    value = Value(std::string("***"), value.position());
  } else if (auto* table = value.as<Value::Table>()) {
    for (Member& member : *table) hide(member.value);
  } else if (auto* array = value.as<Value::Array>()) {
    for (Value& element : *array) hide(element);
  }
}

void redact(Value& value, bool headers) {
  if (auto* array = value.as<Value::Array>()) {
    for (Value& element : *array) redact(element, headers);
  }
  auto* table = value.as<Value::Table>();
  if (table == nullptr) return;
  for (Member& member : *table) {
    if (headers && isCredentialName(member.key)) {
      hide(member.value);
    } else {
      redact(member.value, headers || isAboutHeaders(member.key));
    }
  }
}

}  // namespace

bool isCredentialName(std::string_view name) {
  const std::string lower = inLowerCase(name);
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

void redactCredentials(Value& settings) { redact(settings, false); }

}  // namespace weir::config
