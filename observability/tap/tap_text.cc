#include "observability/tap/tap_text.h"

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "observability/text/table.h"

namespace weir::tap {
namespace {

using JsonValue = nlohmann::json;

std::string textAt(const JsonValue& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

const JsonValue& at(const JsonValue& json, const char* key) {
  static const JsonValue kNone = JsonValue::object();
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

std::string milliseconds(const JsonValue& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return {};
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3f ms", found->get<double>());
  return {text.data(), static_cast<std::size_t>(size)};
}

// Words with a title, as far as they are known: " route=orders".
std::string titled(std::string_view title, const std::string& text) {
  return text.empty() ? std::string() : " " + std::string(title) + "=" + text;
}

std::string requestText(const JsonValue& line) {
  const JsonValue& request = at(line, "request");
  const JsonValue& response = at(line, "response");
  std::string text = textAt(line, "time") + " " + textAt(request, "method") + " " +
                     textAt(request, "authority") + textAt(request, "path");
  if (request.contains("query")) text += "?" + textAt(request, "query");
  const std::string status = textAt(response, "status");
  text += " -> " + (status.empty() ? "no response" : status);
  text += titled("reason", textAt(response, "reason"));
  text += " in " + milliseconds(at(line, "timings_ms"), "total");
  text += titled("client", textAt(at(line, "client"), "address"));
  text += titled("identity", textAt(at(line, "client"), "identity"));
  text += titled("listener", textAt(line, "listener")) + titled("route", textAt(line, "route"));
  text += titled("id", textAt(request, "id")) + titled("trace", textAt(line, "trace_id"));
  const std::string detail = textAt(response, "detail");
  return text + (detail.empty() ? "\n" : "\n    detail: " + detail + "\n");
}

std::string filterText(const JsonValue& step) {
  const bool back = textAt(step, "side") == "response";
  std::string text = back ? "    response filter " : "    filter ";
  text += textAt(step, "filter") + " (" + textAt(step, "of") + ") " + textAt(step, "verdict");
  const std::string took = milliseconds(step, "duration_ms");
  return text + (took.empty() ? "\n" : ", " + took + "\n");
}

std::string candidatesText(const JsonValue& attempt) {
  std::string text;
  for (const JsonValue& each : at(attempt, "candidates")) {
    text += (text.empty() ? " of " : ", ") + textAt(each, "endpoint") + " (cost " +
            textAt(each, "cost") + ", " + textAt(each, "in_flight") + " in flight)";
  }
  return text;
}

std::string attemptText(const JsonValue& attempt, std::size_t number) {
  std::string text = "    attempt " + std::to_string(number) + ": " + textAt(attempt, "endpoint");
  text += candidatesText(attempt);
  const std::string connection = textAt(attempt, "connection");
  if (!connection.empty()) {
    text += ", " + connection + " connection at " + milliseconds(attempt, "connected_ms");
  }
  if (attempt.contains("first_byte_ms")) {
    text += ", first byte at " + milliseconds(attempt, "first_byte_ms");
  }
  text += ", " + textAt(attempt, "outcome") + " at " + milliseconds(attempt, "ended_ms");
  return text + titled("status", textAt(attempt, "status")) +
         titled("reason", textAt(attempt, "reason")) + "\n";
}

std::string headersText(const JsonValue& line, const char* key, std::string_view mark) {
  std::string text;
  for (const JsonValue& each : at(line, key)) {
    if (!each.is_array() || each.size() != 2 || !each[0].is_string() || !each[1].is_string())
      continue;
    text.append("    ").append(mark).append(" ").append(each[0].get<std::string>());
    text.append(": ").append(each[1].get<std::string>()).append("\n");
  }
  return text;
}

std::string noteText(const JsonValue& line) {
  const std::string event = textAt(line, "event");
  if (event == "start") return "watching requests\n";
  std::string text = event == "end" ? "the time is over: " : "too slow to show every request: ";
  text += textAt(line, "watched") + " watched, " + textAt(line, "sent") + " shown";
  text += ", " + textAt(line, "limited") + " beyond the rate";
  return text + ", " + textAt(line, "dropped") + " dropped\n";
}

}  // namespace

std::string tapText(std::string_view line, bool headers) {
  const JsonValue json = JsonValue::parse(line, nullptr, false);
  if (!json.is_object()) return {};
  if (json.contains("event")) return noteText(json);
  std::string text = requestText(json);
  for (const JsonValue& step : at(json, "filters")) text += filterText(step);
  std::size_t number = 0;
  for (const JsonValue& attempt : at(json, "attempts")) text += attemptText(attempt, ++number);
  if (headers) {
    text += headersText(json, "request_headers", ">");
    text += headersText(json, "response_headers", "<");
  }
  return printableText(std::move(text));
}

}  // namespace weir::tap
