#pragma once

#include <string>
#include <vector>

#include "observability/admin/admin_backend.h"

namespace weir {

// `weir explain`
struct ExplainOptions {
  std::string path;
  std::string url;
  std::vector<std::string> headers = {};  // "Name: value"
  admin::ExplainQuery query = {};         // the rest
  bool json = false;
};

// Prints how the configuration at `path` handles a request. Exit code: 0 if the request is
// served, 1 if it is refused or has no route, 2 if the question or the configuration is not valid.
int explainRequest(ExplainOptions options);

}  // namespace weir
