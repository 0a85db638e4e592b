#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observability/otlp/settings.h"

// The environment variables of OpenTelemetry.
namespace weir::otlp {

// The value of a variable; an empty one counts as missing. Invalid values are ignored, and reported
// in `warnings`.
class Environment {
 public:
  using Lookup = std::function<const char*(const char* name)>;
  explicit Environment(Lookup lookup) : lookup_(std::move(lookup)) {}
  static Environment ofProcess();

  std::optional<std::string> value(const char* name) const;
  void warn(const char* name, std::string_view what);
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Lookup lookup_;
  std::vector<std::string> warnings_;
};

// A signal, as it is called in the names of variables and in paths.
struct SignalNames {
  std::string_view variable;  // "TRACES"
  std::string_view path;      // "/v1/traces"
};
inline constexpr SignalNames kTracesNames{"TRACES", "/v1/traces"};
inline constexpr SignalNames kLogsNames{"LOGS", "/v1/logs"};

// "a=b,c=d" with percent-encoded values, as in OTEL_RESOURCE_ATTRIBUTES. Nothing if it is
// malformed.
std::optional<std::vector<std::pair<std::string, std::string>>> parsePairs(std::string_view text);

Options optionsOf(const Settings& settings, const SignalNames& signal, Environment& environment);

}  // namespace weir::otlp
