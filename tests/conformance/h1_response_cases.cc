#include "tests/conformance/h1_response_cases.h"

namespace weir::conformance {

std::vector<ResponseCase> responseCases() {
  std::vector<ResponseCase> all = responseHeadCases();
  const std::vector<ResponseCase>& bodies = responseBodyCases();
  all.insert(all.end(), bodies.begin(), bodies.end());
  return all;
}

}  // namespace weir::conformance
