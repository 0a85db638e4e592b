#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// Length of the well-formed UTF-8 sequence of two to four bytes at the front; 0 for none (Unicode,
// table 3-7: nothing overlong, no surrogate, nothing above U+10FFFF). `text` is not empty.
std::size_t sequenceLength(std::string_view text);

// At most `size` bytes of the text, without a sequence that this would cut in two.
std::string_view cutText(std::string_view text, std::size_t size);

// Copies the text to `to`, with `other` in place of each byte that is not part of well-formed
// UTF-8. Returns the end of the copy.
char* copyAsUtf8(char* to, std::string_view text, char other = '?');

}  // namespace weir
