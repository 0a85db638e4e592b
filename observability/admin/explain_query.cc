#include "core/http/syntax.h"
#include "core/http/target.h"
#include "observability/admin/admin_backend.h"

// Tested in pages_test.cc.
namespace weir::admin {
namespace {

constexpr std::string_view kNotUrl =
    "needs a URL such as https://example.com/path, or a path that begins with a slash";

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
  query.port = http::portOf(parts);
  query.path = parts.rest;
  if (!query.path.starts_with('/')) query.path.insert(0, "/");
  return {};
}

}  // namespace weir::admin
