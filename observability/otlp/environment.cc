#include "observability/otlp/environment.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/http/escapes.h"
#include "core/http/syntax.h"

namespace weir::otlp {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kDefaultEndpoint = "http://localhost:4318";

// Nothing if a "%" is not followed by two digits.
std::optional<std::string> percentDecoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text[0] != '%') {
      decoded += text[0];
      text.remove_prefix(1);
      continue;
    }
    const int byte = http::escapedByte(text);
    if (byte < 0) return std::nullopt;
    decoded += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return decoded;
}

void setPair(Pairs& pairs, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(pairs, name, &Pairs::value_type::first);
  if (found != pairs.end()) {
    found->second = value;
  } else {
    pairs.emplace_back(name, value);
  }
}

// The value of OTEL_EXPORTER_OTLP_<signal>_<what>, or of OTEL_EXPORTER_OTLP_<what>.
struct Found {
  std::string name;
  std::string value;
  bool of_signal = false;
};
std::optional<Found> exporterValue(const Environment& environment, const SignalNames& signal,
                                   std::string_view what) {
  const std::string common = "OTEL_EXPORTER_OTLP_";
  const std::string special = common + std::string(signal.variable) + "_" + std::string(what);
  if (auto value = environment.value(special.c_str())) return Found{special, *value, true};
  const std::string general = common + std::string(what);
  if (auto value = environment.value(general.c_str())) return Found{general, *value, false};
  return std::nullopt;
}

// A target whose path is "/" gets the path of the signal.
http::Target completed(http::Target target, const SignalNames& signal) {
  if (target.url) {
    auto url = http::Url::parse(*target.url);
    if (url && url->target == "/") target.url = url->origin() + std::string(signal.path);
  } else if (target.path == "/") {
    target.path = signal.path;
  }
  return target;
}

http::Target endpointOf(const Settings& settings, const SignalNames& signal,
                        Environment& environment) {
  if (settings.endpoint) return completed(*settings.endpoint, signal);
  http::Target target;
  target.url = std::string(kDefaultEndpoint);
  const auto found = exporterValue(environment, signal, "ENDPOINT");
  if (found && !http::Url::parse(found->value)) {
    environment.warn(found->name.c_str(), "is not a URL such as \"http://localhost:4318\"");
  } else if (found) {
    target.url = found->value;
    if (found->of_signal) return target;  // used as it is
    while (target.url->ends_with('/')) target.url->pop_back();
    *target.url += signal.path;
    return target;
  }
  return completed(std::move(target), signal);
}

Pairs headersOf(const Settings& settings, const SignalNames& signal, Environment& environment) {
  Pairs headers;
  if (const auto found = exporterValue(environment, signal, "HEADERS")) {
    const auto pairs = parsePairs(found->value);
    const bool valid = pairs && std::ranges::all_of(*pairs, [](const auto& pair) {
                         return http::isToken(pair.first) && isFieldText(pair.second);
                       });
    if (valid) {
      headers = *pairs;
    } else {
      environment.warn(found->name.c_str(), "is not a list such as \"name=value,name=value\"");
    }
  }
  for (const auto& [name, value] : settings.headers) setPair(headers, name, value.reveal());
  return headers;
}

bool gzipOf(const Settings& settings, const SignalNames& signal, Environment& environment) {
  if (settings.compression) return *settings.compression == Compression::kGzip;
  const auto found = exporterValue(environment, signal, "COMPRESSION");
  if (!found || found->value == "none") return false;
  if (found->value != "gzip") environment.warn(found->name.c_str(), "is not \"gzip\" or \"none\"");
  return found->value == "gzip";
}

Milliseconds timeoutOf(const Settings& settings, const SignalNames& signal,
                       Environment& environment) {
  constexpr std::uint32_t kMostTimeout = 600'000;
  if (settings.timeout) return *settings.timeout;
  const auto found = exporterValue(environment, signal, "TIMEOUT");
  if (!found) return Options().timeout;
  const auto number = parseNumber<std::uint32_t>(found->value);
  if (number && *number > 0 && *number <= kMostTimeout) return Milliseconds(*number);
  environment.warn(found->name.c_str(), "is not a number of milliseconds");
  return Options().timeout;
}

Pairs resourceOf(const Settings& settings, Environment& environment) {
  constexpr const char* kVariable = "OTEL_RESOURCE_ATTRIBUTES";
  Pairs resource{{"service.name", "weir"}};
  if (const auto text = environment.value(kVariable)) {
    const auto pairs = parsePairs(*text);
    if (!pairs) environment.warn(kVariable, "is not a list such as \"name=value,name=value\"");
    for (const auto& [name, value] : pairs.value_or(Pairs())) setPair(resource, name, value);
  }
  if (const auto name = environment.value("OTEL_SERVICE_NAME")) {
    setPair(resource, "service.name", *name);
  }
  for (const auto& [name, value] : settings.resource) setPair(resource, name, value);
  if (settings.service_name) setPair(resource, "service.name", *settings.service_name);
  setPair(resource, "telemetry.sdk.name", "weir");
  setPair(resource, "telemetry.sdk.language", "cpp");
  setPair(resource, "telemetry.sdk.version", WEIR_VERSION);
  return resource;
}

}  // namespace

Environment Environment::ofProcess() {
  return Environment([](const char* name) { return std::getenv(name); });
}

std::optional<std::string> Environment::value(const char* name) const {
  const char* const text = lookup_(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return text;
}

// Values may be secrets.
void Environment::warn(const char* name, std::string_view what) {
  warnings_.push_back("the variable " + std::string(name) + " " + std::string(what) +
                      "; it is ignored");
}

std::optional<Pairs> parsePairs(std::string_view text) {
  constexpr std::size_t kMostName = 100;
  Pairs pairs;
  bool valid = true;
  http::forEachToken(text, [&](std::string_view pair) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percentDecoded(http::trimmed(pair.substr(0, equals)));
    auto value = percentDecoded(http::trimmed(pair.substr(std::min(equals + 1, pair.size()))));
    valid = valid && equals < pair.size() && name && value && !name->empty() &&
            name->size() <= kMostName;
    if (valid) pairs.emplace_back(std::move(*name), std::move(*value));
  });
  return valid ? std::optional(std::move(pairs)) : std::nullopt;
}

Options optionsOf(const Settings& settings, const SignalNames& signal, Environment& environment) {
  Options options;
  options.endpoint = endpointOf(settings, signal, environment);
  options.headers = headersOf(settings, signal, environment);
  options.gzip = gzipOf(settings, signal, environment);
  options.timeout = timeoutOf(settings, signal, environment);
  options.resource = resourceOf(settings, environment);
  options.batch = settings.batch;
  options.interval = settings.interval;
  options.queue = settings.queue;
  return options;
}

}  // namespace weir::otlp
