#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/http/message.h"

// Keeps web pages that a browser on this machine shows from reaching the admin pages.
namespace weir::admin {

// Why the request is refused, or empty. A page's own name that resolves to our address (DNS
// rebinding) shows in the host; a form or script of another site in Origin or Sec-Fetch-Site.
std::string_view refusalOf(const http::Request& request, std::span<const std::string> hosts);

}  // namespace weir::admin
