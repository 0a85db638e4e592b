#pragma once

#include <string>
#include <vector>

namespace weir {

// `weir key`: keys for the filter api_key.
struct KeyOptions {
  std::string consumer;
  std::string id;
  std::string scopes;  // separated by commas
  std::string expires;
  std::vector<std::string> labels;  // "name=value"
  std::string file;                 // to which the line is added; empty: it is printed
};

// Each reports errors on stderr and returns the exit code of the process.
int makeKey(const KeyOptions& options);
int hashKey();  // of standard input

}  // namespace weir
