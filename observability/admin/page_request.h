#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace weir::admin {

// What a request asks of a page.
struct PageRequest {
  http::Method method = http::Method::kGet;
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in order
  std::string body;
  bool wants_text = false;  // for people at a terminal, rather than JSON

  // The value of the first of that name; null when there is none.
  const std::string* parameter(std::string_view name) const;
};

// Copies what is needed: an answer may come after the request is gone.
PageRequest questionOf(const http::Request& request, std::string body = {});

}  // namespace weir::admin
