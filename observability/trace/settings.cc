#include "observability/trace/settings.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "core/config/table.h"
#include "core/http/syntax.h"

namespace weir::trace {
namespace {

using namespace std::chrono_literals;
using http::TraceFormat;

constexpr std::pair<std::string_view, ParentTrust> kParentNames[] = {
    {"trusted", ParentTrust::kTrusted}, {"all", ParentTrust::kAll}, {"none", ParentTrust::kNone}};
constexpr std::pair<std::string_view, TraceFormat> kFormatNames[] = {
    {"w3c", TraceFormat::kW3c}, {"b3", TraceFormat::kB3}, {"b3multi", TraceFormat::kB3Multi}};

// The names in OTEL_PROPAGATORS. weir never changes `baggage`.
constexpr std::pair<std::string_view, TraceFormat> kPropagators[] = {
    {"tracecontext", TraceFormat::kW3c},
    {"b3", TraceFormat::kB3},
    {"b3multi", TraceFormat::kB3Multi}};

// The ratio of OTEL_TRACES_SAMPLER_ARG; all traces without a valid one.
double samplerRatio(otlp::Environment& environment) {
  constexpr const char* kVariable = "OTEL_TRACES_SAMPLER_ARG";
  const auto text = environment.value(kVariable);
  if (!text) return 1;
  double ratio = 1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), ratio);
  const bool valid = error == std::errc() && end == text->data() + text->size();
  if (valid && ratio >= 0 && ratio <= 1) return ratio;
  environment.warn(kVariable, "is not a number from 0 to 1");
  return 1;
}

void applySampler(Sampling& sampling, otlp::Environment& environment) {
  constexpr const char* kVariable = "OTEL_TRACES_SAMPLER";
  const auto text = environment.value(kVariable);
  if (!text) return;
  std::string_view name = *text;
  constexpr std::string_view kParentBased = "parentbased_";
  const bool parent_decides = name.starts_with(kParentBased);
  if (parent_decides) name.remove_prefix(kParentBased.size());
  if (name == "always_on") {
    sampling.ratio = 1;
  } else if (name == "always_off") {
    sampling.ratio = 0;
  } else if (name == "traceidratio") {
    sampling.ratio = samplerRatio(environment);
  } else {
    return environment.warn(kVariable, "is not the name of a sampler that weir has");
  }
  sampling.parent_decides = sampling.parent_decides && parent_decides;
}

void applyPropagators(Sampling& sampling, otlp::Environment& environment) {
  constexpr const char* kVariable = "OTEL_PROPAGATORS";
  const auto text = environment.value(kVariable);
  if (!text) return;
  std::vector<TraceFormat> formats;
  bool valid = true;
  http::forEachToken(*text, [&](std::string_view name) {
    const auto* const found =
        std::ranges::find(kPropagators, name, &std::pair<std::string_view, TraceFormat>::first);
    if (found != std::end(kPropagators)) {
      formats.push_back(found->second);
    } else {
      valid = valid && (name == "baggage" || name == "none");
    }
  });
  if (!valid) return environment.warn(kVariable, "has a name that weir does not know");
  sampling.accept = formats;
  sampling.send = formats;
}

}  // namespace

void TailSettings::read(config::Table& table, TailSettings& out) {
  table.read("errors", out.errors,
             "Whether to keep the spans of requests that failed, by a response of 500 to 599 or "
             "without one.");
  table.read("slower_than", out.slower_than,
             "Duration from which on the spans of a request are kept.", {.min = 1ms, .max = 1h});
}

void Settings::read(config::Table& table, Settings& out) {
  table.read("sample", out.sample,
             "Share of the traces that weir begins and samples. Default: OTEL_TRACES_SAMPLER and "
             "OTEL_TRACES_SAMPLER_ARG, or 100%.",
             {.min = 0, .max = 100});
  table.read("parent", out.parent, kParentNames,
             "Clients whose traces are continued: those in trusted_proxies of the listener, all or "
             "none. The requests of others begin a new trace, with a link to the client's.");
  table.read("parent_decides", out.parent_decides,
             "Whether a continued trace is sampled if the client samples it; otherwise `sample` "
             "decides.");
  table.read("tail", out.tail,
             "Requests whose spans are kept although their trace is not sampled, decided once they "
             "have ended.");
  table.read(
      "accept", out.accept, kFormatNames,
      "Headers in which clients send the identity of a trace, in the order in which they are "
      "looked up: `w3c` (traceparent and tracestate), `b3` or `b3multi` (X-B3-*).");
  table.read("send", out.send, kFormatNames,
             "Headers in which upstreams receive it. Those that are accepted but not sent are "
             "removed.");
  out.formats_given = table.has("accept") || table.has("send");
  otlp::Settings::read(table, out.exporter);
}

Sampling samplingOf(const Settings& settings, config::Role role, otlp::Environment& environment) {
  Sampling sampling;
  sampling.parent =
      settings.parent.given() ? settings.parent.value() : settings.parent.byDefault(role);
  sampling.parent_decides = settings.parent_decides;
  sampling.tail = settings.tail;
  sampling.accept = settings.accept;
  sampling.send = settings.send;
  if (settings.sample) {
    sampling.ratio = settings.sample->fraction();
  } else {
    applySampler(sampling, environment);
  }
  if (!settings.formats_given) applyPropagators(sampling, environment);
  return sampling;
}

}  // namespace weir::trace
