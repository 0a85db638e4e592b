#include "observability/tap/tap_terms.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/base/number.h"

namespace weir::tap {
namespace {

std::string readWhen(const std::string& text, TapTerms& out) {
  expr::Mistake mistake;
  auto condition = Condition::parse(text, mistake);
  if (!condition) {
    const std::string hint =
        mistake.suggestion.empty() ? "" : "; did you mean " + mistake.suggestion + "?";
    return "when, at byte " + std::to_string(mistake.offset) + ": " + mistake.what + hint;
  }
  out.when = *std::move(condition);
  return {};
}

std::string readSample(const std::string& text, TapTerms& out) {
  const auto sample = config::Percent::parse(text);
  if (!sample || sample->value <= 0 || sample->value > 100) {
    return "sample needs a percentage such as 1%";
  }
  out.sample = *sample;
  return {};
}

std::string readRate(const std::string& text, TapTerms& out) {
  const auto rate = parseNumber<std::uint32_t>(text);
  if (!rate || *rate == 0 || *rate > TapTerms::kMostRate) {
    return "rate needs a number of requests per second, at most 10000";
  }
  out.rate = *rate;
  return {};
}

std::string readDuration(const std::string& text, TapTerms& out) {
  const auto duration = config::parseDuration(text);
  if (!duration || *duration < Milliseconds(1) || *duration > TapTerms::kLongest) {
    return "duration needs a time such as 30s, at most 10m";
  }
  out.duration = std::chrono::duration_cast<Milliseconds>(*duration);
  return {};
}

std::string readHeaders(const std::string& text, TapTerms& out) {
  if (text != "true" && text != "false") return "headers needs true or false";
  out.headers = text == "true";
  return {};
}

using Reader = std::string (*)(const std::string& text, TapTerms& out);
constexpr std::pair<std::string_view, Reader> kReaders[] = {{"when", readWhen},
                                                            {"sample", readSample},
                                                            {"rate", readRate},
                                                            {"duration", readDuration},
                                                            {"headers", readHeaders}};

}  // namespace

std::string TapTerms::read(const admin::PageRequest& request, TapTerms& out) {
  for (const auto& [name, value] : request.parameters) {
    const auto* const reader =
        std::find_if(std::begin(kReaders), std::end(kReaders),
                     [&key = name](const auto& each) { return each.first == key; });
    if (reader == std::end(kReaders)) {
      return "unknown parameter \"" + name +
             "\"; there are when, sample, rate, duration and headers";
    }
    if (std::string wrong = reader->second(value, out); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace weir::tap
