#pragma once

#include <string>
#include <vector>

// Text for terminals.
namespace weir {

using TextRow = std::vector<std::string>;

// Columns as wide as necessary; the last one is not padded. The first row has the titles. Begins
// with an empty line.
std::string textTable(const std::vector<TextRow>& rows);

// Untrusted text that cannot move the cursor of a terminal: control characters become "?".
std::string printableText(std::string text);

}  // namespace weir
