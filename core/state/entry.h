#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

// The format of a file in the state directory.
namespace weir::state {

// A line with the version of the format, the size and the checksum; the name; the bytes.
std::string packEntry(std::string_view name, std::string_view bytes);

// The bytes of a file that packEntry() made for the same name; otherwise the reason why not, such
// as "is truncated".
Result<std::string> unpackEntry(std::string_view name, std::string_view file);

// The name of the file for an entry: safe in every directory, equal for equal names.
std::string fileNameOf(std::string_view name);

}  // namespace weir::state
