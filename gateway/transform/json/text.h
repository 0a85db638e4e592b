#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/arena.h"

// The text of JSON's scalars (RFC 8259).
namespace weir::gateway::json {

bool isUtf8(std::string_view text);

// "-1.5e3". Of any size: whether a double can hold it does not matter.
bool isNumber(std::string_view text);

struct StringEnd {
  std::size_t at = 0;    // of the quotation mark; the size of the text if there is none
  bool escaped = false;  // whether there are escapes before
};
// The end of the string whose first character is at `begin`.
StringEnd endOfString(std::string_view text, std::size_t begin);

// Whether the escapes of a string, given without its quotation marks, are valid. A surrogate must
// be one of a pair, because no UTF-8 exists for it alone.
bool isWellEscaped(std::string_view inner);
// What a string with valid escapes stands for, in the arena.
std::string_view unescaped(std::string_view inner, Arena& arena);

// Appends a text in UTF-8 as a string with quotation marks.
void appendQuoted(std::string& out, std::string_view text);

}  // namespace weir::gateway::json
