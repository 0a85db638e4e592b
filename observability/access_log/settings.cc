#include "observability/access_log/settings.h"

#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/config/suggestion.h"
#include "core/config/table.h"
#include "core/event/log_socket.h"

namespace weir::config {

template <>
struct Codec<access_log::FieldUse> {
  using FieldUse = access_log::FieldUse;

  static bool read(const Entry& entry, FieldUse& out, const Rules<FieldUse>& rules) {
    std::string name;
    if (!readText(entry, name, rules.limits)) return false;
    std::string why;
    auto field = access_log::fieldNamed(name, why);
    if (!field) return entry.fail(why, closestWord(name, access_log::fieldNames()));
    out = *std::move(field);
    return true;
  }
  static Type type(const FieldUse&, const Rules<FieldUse>&, const Scope&) {
    std::string pattern = R"(^((request|response)\.header\..+)";
    for (const std::string_view name : access_log::fieldNames()) {
      pattern += '|';
      for (const char c : name) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
    }
    pattern += ")$";
    return patternType("field", pattern);
  }
  static Value show(const FieldUse& now, const Rules<FieldUse>&, const Scope&) {
    return Value(access_log::nameOf(now));
  }
};

}  // namespace weir::config

namespace weir::access_log {

void Settings::read(config::Table& table, Settings& out) {
  table.read("file", out.file,
             "Path of the file to append to, \"stdout\" or \"stderr\". Reopened on SIGUSR1.",
             {.min_size = 1});
  table.read("syslog", out.syslog,
             "Syslog server that receives the lines instead of a file, as messages of RFC 5424: "
             "its address, or a table.");
  table.read("otlp", out.otlp,
             "Collector of OpenTelemetry that receives log records instead of lines in a file; the "
             "attributes are those of [spans](../docs/tracing.md#spans).");
  table.atMostOneOf({"file", "syslog", "otlp"});
  if (event::isLogAddress(out.file)) {
    table.fail("file", "is the address of a syslog server", "syslog");
  }
  table.read("format", out.format,
             "Format of a line: \"json\", or a template with fields such as \"${request.id}\".",
             {.min_size = 1});
  table.read("fields", out.fields, "Fields of a JSON line.", {.max_size = Format::kMaxFields});
  table.read("sample", out.sample, "Share of the requests to log, of those that `when` selects.",
             {.min = 0, .max = 100});
  table.read("when", out.when,
             "[Expression](../docs/expressions.md) that selects the requests to log, such as "
             "\"response.status >= 400\". Default: all requests are logged.");
  table.read("redact_query", out.redact_query, "Whether to replace queries by \"redacted\".");
  table.read(
      "redact_secrets", out.redact_secrets,
      "Whether to replace the values of query parameters whose names indicate that they hold "
      "secrets, such as `token`, `code` or `signature`, by \"REDACTED\": in queries and in "
      "the headers Referer and Location.");
  const bool no_field = out.format.find("${") == std::string::npos;
  if (out.format != "json" && no_field) {
    table.warn("format", "has no field, so that all lines are the same",
               config::closestWord(out.format, {"json"}));
  }
  std::string why;
  if (out.format == "json" || Format::compile(out.format, why)) return;
  table.fail("format", why);
}

Format formatOf(const Settings& settings) {
  if (settings.format == "json") return Format::json(settings.fields);
  std::string why;
  auto format = Format::compile(settings.format, why);
  WEIR_CHECK(format.has_value());
  return *std::move(format);
}

}  // namespace weir::access_log
