#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/value.h"

namespace weir::config {

// A text of the configuration with references to environment variables: "${env.NAME}", or
// "${env.NAME:-default}" for a variable that may be missing or empty. "$$" is left to the settings
// in which it is a dollar sign, so that "$${env.NAME}" is not a reference.
struct EnvironmentText {
  struct Fault {
    std::size_t offset = 0;  // in the text as written
    std::string what;
    std::string suggestion = {};
  };

  std::string text;      // with the values of the variables
  std::string variable;  // its name, if the whole text is the value of one variable
  std::vector<Fault> faults;
};

// Nothing if the text has no reference.
std::optional<EnvironmentText> expandEnvironment(std::string_view written);

bool hasEnvironmentReference(std::string_view text);

// The texts of a document that contained references: as they are now, and as they were written.
using WrittenTexts = std::map<std::string, std::string>;

// Replaces texts by what was written in their place, so that values of the environment are not
// printed.
void restoreWritten(Value& settings, const WrittenTexts& written);

}  // namespace weir::config
