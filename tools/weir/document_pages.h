#pragma once

#include <string>

// Pages of docs/ that are generated from the tables of the code, in Markdown.
namespace weir {

std::string reasonsPage();      // every reason with its status, meaning and remedy
std::string metricsPage();      // every metric family with its type and labels
std::string logFieldsPage();    // every field of the access log
std::string expressionsPage();  // the language of conditions, with its functions and variables

}  // namespace weir
