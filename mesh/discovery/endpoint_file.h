#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/bytes.h"
#include "core/upstream/endpoint_lines.h"

namespace weir::mesh {

enum class EndpointFormat : std::uint8_t { kAuto, kJson, kToml, kLines };

inline constexpr std::size_t kMostEndpointFile = 16_MiB;

// By the end of the file's name: JSON for ".json", TOML for ".toml", else lines.
EndpointFormat endpointFormatOf(std::string_view path);

// Reads the contents of an endpoint file. A mistake begins with its line and column.
// - JSON and TOML: { endpoints = [...] }, with the same members as in a static list; JSON also
//   the array alone.
// - Lines: as upstream::readEndpointLines() does.
upstream::EndpointText readEndpointFile(std::string_view text, EndpointFormat format);

}  // namespace weir::mesh
