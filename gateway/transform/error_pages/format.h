#pragma once

#include <string_view>

#include "gateway/transform/error_pages/template.h"

namespace weir::gateway {

// The format that the client prefers by its Accept (RFC 9110, 12.5.1) among those that are
// available; JSON before HTML before text if it has no preference, the first one that is available
// if it accepts none.
PageFormat preferredFormat(std::string_view accept, const bool (&available)[kPageFormats]);

std::string_view contentTypeOf(PageFormat format);

}  // namespace weir::gateway
