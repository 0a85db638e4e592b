#pragma once

#include <string>
#include <string_view>

#include "core/base/arena.h"
#include "core/http/message.h"
#include "core/route/variables.h"

namespace weir::route {

// Memory of one exchange.
struct TestArena {
  BlockPool pool{4096};
  Arena arena{pool};
};

// A GET request for `url` ("host/path?query"), filled like by a codec.
class TestRequest {
 public:
  explicit TestRequest(std::string_view url) : request(memory_.arena) {
    const std::size_t slash = std::min(url.find('/'), url.size());
    const std::size_t mark = std::min(url.find('?'), url.size());
    request.method_text = "GET";
    request.scheme = "http";
    request.authority = memory_.arena.copy(url.substr(0, slash));
    request.path = memory_.arena.copy(url.substr(slash, mark - slash));
    request.has_query = mark < url.size();
    if (request.has_query) request.query = memory_.arena.copy(url.substr(mark + 1));
    variables.request = &request;
  }

  TestRequest& method(http::Method method, std::string_view text) {
    request.method = method;
    request.method_text = text;
    return *this;
  }
  TestRequest& post() { return method(http::Method::kPost, "POST"); }
  TestRequest& header(std::string_view name, std::string_view value) {
    request.headers.add(name, value);
    return *this;
  }
  TestRequest& scheme(std::string_view scheme) {
    request.scheme = scheme;
    return *this;
  }

  Arena& arena() { return memory_.arena; }
  // "host/path?query" of the request in its current state.
  std::string url() const {
    std::string text = std::string(request.authority) + std::string(request.path);
    return request.has_query ? text + "?" + std::string(request.query) : text;
  }

 private:
  TestArena memory_;

 public:
  http::Request request;
  ExchangeVariables variables;
};

// The headers as "name: value" lines.
inline std::string linesOf(const http::Headers& headers) {
  std::string lines;
  for (const http::Header& header : headers) {
    lines += std::string(header.name) + ": " + std::string(header.value) + "\n";
  }
  return lines;
}

}  // namespace weir::route
