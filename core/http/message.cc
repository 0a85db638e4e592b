#include "core/http/message.h"

#include <algorithm>
#include <array>

#include "core/base/arena_writer.h"

namespace weir::http {
namespace {

constexpr std::array<std::string_view, 10> kMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER",
};

struct Phrase {
  int status;
  std::string_view text;
};

constexpr std::array<Phrase, 51> kPhrases = {{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

// Fields that hold for the bytes of one body (RFC 9110, 8.8.3 and 14.3; RFC 9530; RFC 1864).
void removeBodyFields(Headers& headers) {
  constexpr std::array<std::string_view, 6> kBodyFields = {
      "etag", "accept-ranges", "content-digest", "repr-digest", "digest", "content-md5",
  };
  headers.removeIf([&](const Header& field) {
    return std::any_of(kBodyFields.begin(), kBodyFields.end(),
                       [&](std::string_view name) { return equalsIgnoringCase(field.name, name); });
  });
}

}  // namespace

std::string_view toString(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

std::string_view toString(Version version) {
  switch (version) {
    case Version::kHttp10:
      return "HTTP/1.0";
    case Version::kHttp11:
      return "HTTP/1.1";
    case Version::kHttp2:
      return "HTTP/2";
  }
  return "";
}

bool isSafe(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions ||
         method == Method::kTrace;
}

bool isIdempotent(Method method) {
  switch (method) {
    case Method::kGet:
    case Method::kHead:
    case Method::kPut:
    case Method::kDelete:
    case Method::kOptions:
    case Method::kTrace:
      return true;
    default:
      return false;
  }
}

std::string_view pathAndQuery(const Request& request, Arena& arena) {
  if (!request.has_query) return request.path;
  return joined(arena, {request.path, "?", request.query});
}

std::string_view phraseFor(int status) {
  if (status == 200) return "OK";
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "";
}

std::string_view hostOf(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? authority : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

void Request::rewriteBody(std::optional<std::uint64_t> length) {
  removeBodyFields(headers);
  if (body == BodyKind::kNone || body == BodyKind::kTunnel) return;
  body = length ? BodyKind::kLength : BodyKind::kStream;
  if (length) content_length = *length;
}

void Response::rewriteBody(std::optional<std::uint64_t> length) {
  removeBodyFields(headers);
  has_content_length = length.has_value();
  if (length) content_length = *length;
  if (body == BodyKind::kNone || body == BodyKind::kTunnel) return;
  body = length ? BodyKind::kLength : BodyKind::kStream;
}

}  // namespace weir::http
