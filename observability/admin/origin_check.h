#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/http/message.h"

// Protects the admin pages from web pages that a browser on this machine displays.
namespace weir::admin {

// Whether requests with the method may change the state of the process.
bool changesState(http::Method method);

// Why the request is refused, or empty. A host name of a web page that resolves to this address
// (DNS rebinding) is recognized by the host; a form or script of another site by Origin or
// Sec-Fetch-Site.
std::string_view refusalOf(const http::Request& request, std::span<const std::string> hosts);

}  // namespace weir::admin
