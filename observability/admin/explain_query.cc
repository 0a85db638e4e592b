#include <charconv>

#include "core/http/syntax.h"
#include "observability/admin/admin_backend.h"

// Tested in pages_test.cc.
namespace weir::admin {
namespace {

constexpr std::string_view kNotUrl =
    "needs a URL such as https://example.com/path, or a path that begins with a slash";

// The port of "example.com:8443" or "[::1]:80"; 0 if there is none or it is not valid.
unsigned portOf(std::string_view authority) {
  const std::string_view host = http::hostOf(authority);
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || colon < host.size()) return 0;
  unsigned port = 0;
  const std::string_view text = authority.substr(colon + 1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? port : 0;
}

}  // namespace

std::string readUrl(std::string_view url, ExplainQuery& query) {
  url = url.substr(0, url.find('#'));
  if (url.starts_with('/')) {
    query.path = url;
    return {};
  }
  const http::Absolute parts = http::splitAbsolute(url);
  if (parts.authority.empty()) return std::string(kNotUrl);
  query.scheme = parts.scheme;
  query.host = parts.authority;
  query.port = portOf(parts.authority);
  if (query.port == 0) query.port = parts.scheme == "https" ? 443 : 80;
  query.path = parts.rest;
  if (!query.path.starts_with('/')) query.path.insert(0, "/");
  return {};
}

}  // namespace weir::admin
