#include "tests/conformance/h1_request_cases.h"

namespace weir::conformance {

std::vector<RequestCase> requestCases() {
  std::vector<RequestCase> all;
  for (const auto* topic :
       {&requestLineCases(), &requestTargetCases(), &requestPathCases(), &requestHostCases(),
        &requestFieldCases(), &requestLimitCases(), &requestLengthCases(), &requestCodingCases(),
        &requestChunkCases(), &requestTrailerCases(), &requestConnectionCases(),
        &requestAttackCases(), &requestPipelineCases()}) {
    all.insert(all.end(), topic->begin(), topic->end());
  }
  return all;
}

}  // namespace weir::conformance
