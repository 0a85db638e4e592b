#pragma once

#include <string_view>

namespace weir {

// The files that `weir init` writes. A line that begins with "#" and no space is a setting that is
// switched off; all of them together are valid as well.
std::string_view gatewayStarter();
std::string_view sidecarStarter();

}  // namespace weir
