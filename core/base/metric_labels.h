#pragma once

#include <string_view>

#include "core/base/metric_family.h"
#include "core/base/reason.h"

// Labels that families of several modules share.
namespace weir {

// An enum as a field of a key. Its enumerators are in the order of the words of the label.
template <typename Word>
constexpr unsigned field(Word word) {
  return static_cast<unsigned>(word);
}

// A status as the `code` of a key: 0 (no response) is shown as "none", an invalid one as
// "__other__".
constexpr unsigned codeField(int status) {
  if (status == 0) return 0;
  return status >= 100 && status <= 599 ? static_cast<unsigned>(status) : 1023U;
}

// The words of codeField(), of a Reason, and of a bool.
std::string_view codeWord(unsigned value);
std::string_view reasonWord(unsigned value);
std::string_view booleanWord(unsigned value);

inline constexpr MetricLabel kCodeLabel = {"code", KeyPart::kCode, codeWord};
inline constexpr MetricLabel kReasonLabel = {"reason", KeyPart::kFirst, reasonWord};
inline constexpr MetricLabel kListenerLabel = {"listener", KeyPart::kNameA};
inline constexpr MetricLabel kUpstreamLabel = {"upstream", KeyPart::kNameA};
inline constexpr MetricLabel kRouteLabel = {"route", KeyPart::kNameB};

}  // namespace weir
