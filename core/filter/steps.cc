#include "core/filter/steps.h"

// Tested in tests/core/filter/chain_test.cc.
namespace weir::filter {

std::string_view toString(Step::Outcome outcome) {
  switch (outcome) {
    case Step::Outcome::kNotReached:
      return "not_reached";
    case Step::Outcome::kSkipped:
      return "skipped";
    case Step::Outcome::kProceeds:
      return "proceeds";
    case Step::Outcome::kWaits:
      return "waits";
    case Step::Outcome::kReplies:
      return "replies";
  }
  return {};
}

}  // namespace weir::filter
