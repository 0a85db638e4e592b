#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"
#include "core/route/path.h"
#include "core/route/redirect.h"
#include "core/route/rewrite.h"
#include "core/route/variables.h"

namespace weir::route {
namespace {

std::string_view takeUntil(std::string_view& text, char end_byte) {
  const std::size_t end = std::min(text.find(end_byte), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

const std::vector<std::string> kCaptureNames = {"id"};
const TextScope kScope{&kCaptureNames, false};

// The rules from lines of "verb name text".
struct Rules {
  HeaderRules headers;
  PathChange path;
  Text host;

  void read(std::string_view line) {
    std::string why;
    const std::string_view verb = takeUntil(line, ' ');
    if (verb == "path") take(PathChange::path(line, kScope, why), path);
    if (verb == "prefix") take(PathChange::prefix(line, 1, why), path);
    if (verb == "host") take(compileHost(line, kScope, why), host);
    const std::string_view name = takeUntil(line, ' ');
    if (verb == "regex" && name.size() < 64) take(PathChange::regex(name, line, why), path);
    if (name.starts_with("in-")) return;  // these belong to the request
    if (verb == "set") headers.set(name, line, kScope, why);
    if (verb == "add") headers.add(name, line, kScope, why);
    if (verb == "remove") headers.remove(name, why);
  }

 private:
  template <typename T>
  static void take(std::optional<T> from, T& to) {
    if (from) to = *std::move(from);
  }
};

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && byte != '\t') || byte == 0x7F;
  });
}

void checkHeaders(const http::Headers& headers) {
  for (const http::Header& header : headers) {
    if (header.name.starts_with("in-")) continue;
    std::string why;
    WEIR_CHECK(isChangeableHeader(header.name, why));
    WEIR_CHECK(header.id == http::headerId(header.name));
    WEIR_CHECK(!hasControl(header.value));
  }
}

void checkPath(std::string_view path, Arena& arena) {
  const auto normal = normalizePath(path, {ReservedEscapes::kKeep, false}, arena);
  WEIR_CHECK(normal.ok() && normal.value().text.data() == path.data());
}

void checkRequest(Rules& rules, std::string_view query, std::string_view value) {
  BlockPool pool(4096);
  Arena arena(pool);
  http::Request request(arena);
  request.method_text = "GET";
  request.scheme = "http";
  request.authority = "example.com:8080";
  request.path = "/a/b%20c";
  request.query = query;
  request.has_query = true;
  request.headers.add("in-value", value);
  Captures captures;
  captures.push("b%20c");
  ExchangeVariables variables;
  variables.request = &request;
  variables.captures = &captures;
  variables.request_id = value;

  rules.headers.apply(request.headers, variables);
  checkHeaders(request.headers);

  const Redirect redirect({.host = rules.host, .path = std::move(rules.path)});
  if (const auto location = redirect.location(request, variables)) {
    WEIR_CHECK(location.value().starts_with("http://") && !hasControl(location.value()));
    WEIR_CHECK(location.value().find(' ') == std::string_view::npos);
  }
}

void checkRewrite(Rules& rules, std::string_view query, std::string_view value) {
  BlockPool pool(4096);
  Arena arena(pool);
  http::Request request(arena);
  request.authority = "example.com:8080";
  request.path = "/a/b%20c";
  request.query = query;
  request.has_query = true;
  request.headers.add("in-value", value);
  Captures captures;
  captures.push("b%20c");
  ExchangeVariables variables;
  variables.request = &request;
  variables.captures = &captures;

  const Rewrite rewrite(std::move(rules.path), std::move(rules.host));
  const bool changed = rewrite.apply(request, variables).ok();
  checkPath(request.path, arena);
  WEIR_CHECK(http::isAuthority(request.authority));
  WEIR_CHECK(changed || request.path == "/a/b%20c");
}

}  // namespace
}  // namespace weir::route

// Lines of rules, an empty line, a query, and a value: for any input of the client, the result is
// one valid header, path, host or location.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::route;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Rules for_request;
  Rules for_rewrite;
  while (!text.empty()) {
    const std::string_view line = takeUntil(text, '\n');
    if (line.empty()) break;
    for_request.read(line);
    for_rewrite.read(line);
  }
  const std::string_view query = takeUntil(text, '\n');
  checkRequest(for_request, query, text);
  checkRewrite(for_rewrite, query, text);
  return 0;
}
