#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/arena.h"
#include "core/http/headers.h"

namespace weir::http {

enum class Method : std::uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kConnect,
  kOptions,
  kTrace,
  kPatch,
  kOther,
};

enum class Version : std::uint8_t { kHttp10, kHttp11, kHttp2 };

// How the end of a body is marked, independent of the version of HTTP.
enum class BodyKind : std::uint8_t {
  kNone,
  kLength,      // content_length bytes
  kStream,      // until the sender ends it (chunked, or END_STREAM)
  kUntilClose,  // until the connection closes (responses only)
  kTunnel,      // after 101 or CONNECT: unframed bytes, half-close included
};

std::string_view toString(Method method);  // "_OTHER" for kOther
std::string_view toString(Version version);

// Whether the method is essentially read-only (RFC 9110, 9.2.1).
bool isSafe(Method method);

// Whether a request may be sent twice without harm (RFC 9110, 9.2.2).
bool isIdempotent(Method method);

// A request as the codec parsed it: end-to-end headers only.
//
// Fields for framing and routing are members and not in `headers`: Host, Content-Length,
// Transfer-Encoding, Connection and the fields it names, Keep-Alive, Proxy-Connection, TE, Upgrade,
// Expect. Codecs serialize them again from the members. All text lives in the exchange's arena.
struct Request {
  explicit Request(Arena& arena) : headers(arena), trailers(arena) {}

  // The body will be another one: sets the framing and drops the fields that describe the old body.
  // A request without a body keeps having none. Without `length`, content_length remains as it is.
  void rewriteBody(std::optional<std::uint64_t> length = std::nullopt);

  Method method = Method::kGet;
  Version version = Version::kHttp11;
  BodyKind body = BodyKind::kNone;
  bool expects_continue = false;     // Expect: 100-continue
  bool accepts_trailers = false;     // TE: trailers
  std::string_view method_text;      // as sent; method names are case-sensitive
  std::string_view scheme;           // "http" or "https": of the client's connection
  std::string_view authority;        // host[:port], as sent
  std::string_view path;             // begins with "/", or is "*"; without the query
  bool path_has_parameters = false;  // in normal form, see route::NormalPath
  bool path_has_reserved_escapes = false;
  std::string_view query;  // after the "?", without it
  bool has_query = false;  // "/a?" differs from "/a"
  // The protocols of Upgrade as the client listed them, never HTTP itself; after routing, the one
  // that is requested. Empty if there is none.
  std::string_view upgrade;
  std::uint64_t content_length = 0;  // with BodyKind::kLength
  Headers headers;
  Headers trailers;  // complete when the body has ended
};

// A response, under the same rules as Request.
struct Response {
  explicit Response(Arena& arena) : headers(arena), trailers(arena) {}

  void rewriteBody(std::optional<std::uint64_t> length = std::nullopt);  // as Request's

  int status = 0;
  Version version = Version::kHttp11;
  BodyKind body = BodyKind::kNone;
  bool has_content_length = false;   // also without a body: HEAD and 304
  std::uint64_t content_length = 0;  // with has_content_length
  bool ends_connection = false;      // the rest of the request is not worth waiting for
  std::string_view upgrade;          // of a 101 or 426
  Headers headers;
  Headers trailers;
};

// The path and, after a "?", the query; in the arena if there is a query.
std::string_view pathAndQuery(const Request& request, Arena& arena);

// "Not Found"; "" for a status that has no standard phrase.
std::string_view phraseFor(int status);

// The host without the port and without the brackets of IPv6; never allocates.
std::string_view hostOf(std::string_view authority);

}  // namespace weir::http
