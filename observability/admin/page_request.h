#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace weir::admin {

// A request to a page.
struct PageRequest {
  http::Method method = http::Method::kGet;
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in order
  std::string body;
  bool wants_text = false;    // text for a terminal instead of JSON
  bool wants_events = false;  // each change of the page as a server-sent event
  std::string accept = {};
  std::string accept_encoding = {};

  // The value of the first parameter of that name; null if there is none.
  const std::string* parameter(std::string_view name) const;
};

// Copies the required parts, because the reply may follow after the request is gone.
PageRequest questionOf(const http::Request& request, std::string body = {});

}  // namespace weir::admin
