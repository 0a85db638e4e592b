// Interprets the start line and the fields of a head together (RFC 9112, 3, 6 and 9).
#include <span>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/base/number.h"
#include "core/http/h1/parser.h"
#include "core/http/syntax.h"

namespace weir::http::h1 {

bool Parser::readFramingField(HeaderId id, std::string_view value) {
  switch (id) {
    case HeaderId::kHost:
      return readHost(value);
    case HeaderId::kContentLength:
      return readContentLength(value);
    case HeaderId::kTransferEncoding:
      return readTransferEncoding(value);
    case HeaderId::kConnection:
      return readConnection(value);
    case HeaderId::kUpgrade:
      return readUpgrade(value);
    case HeaderId::kTe:
      facts_.accepts_trailers = hasToken(value, "trailers");
      return true;
    case HeaderId::kExpect:
      return readExpect(value);
    default:
      return true;  // Keep-Alive, Proxy-Connection, HTTP2-Settings: hop-by-hop
  }
}

bool Parser::readHost(std::string_view value) {
  if (request_ == nullptr) return true;
  if (facts_.has_host) return refuse(ErrorCode::kProtocol, "more than one Host");
  facts_.has_host = true;
  facts_.host = value;
  return true;
}

bool Parser::readContentLength(std::string_view value) {
  const auto length = parseNumber<std::uint64_t>(value);
  if (!length) return refuse(ErrorCode::kProtocol, "invalid Content-Length");
  if (facts_.has_length) return refuse(ErrorCode::kProtocol, "more than one Content-Length");
  facts_.has_length = true;
  facts_.content_length = *length;
  return true;
}

bool Parser::readTransferEncoding(std::string_view value) {
  if (facts_.chunked) return refuse(ErrorCode::kProtocol, "more than one Transfer-Encoding");
  facts_.chunked = equalsIgnoringCase(value, "chunked");
  return facts_.chunked || refuse(ErrorCode::kProtocol, "unknown transfer coding");
}

bool Parser::readExpect(std::string_view value) {
  if (request_ == nullptr) return true;
  facts_.expects_continue = equalsIgnoringCase(value, "100-continue");
  return facts_.expects_continue || refuse(ErrorCode::kExpectation, "unknown expectation");
}

bool Parser::readConnection(std::string_view value) {
  bool names_fields = false;
  forEachToken(value, [&](std::string_view token) {
    if (equalsIgnoringCase(token, "close")) {
      facts_.persistence.close = true;
    } else if (equalsIgnoringCase(token, "keep-alive")) {
      facts_.persistence.keep_alive = true;
    } else if (equalsIgnoringCase(token, "upgrade")) {
      facts_.connection_upgrade = true;
    } else {
      names_fields = true;
    }
  });
  if (!names_fields) return true;
  if (facts_.named_count == std::size(facts_.named)) {
    return refuse(ErrorCode::kProtocol, "too many Connection fields");
  }
  facts_.named[facts_.named_count++] = value;
  return true;
}

bool Parser::readUpgrade(std::string_view value) {
  if (facts_.upgrade_count == std::size(facts_.upgrades)) {
    return refuse(ErrorCode::kProtocol, "too many Upgrade fields");
  }
  facts_.upgrades[facts_.upgrade_count++] = value;
  return true;
}

// The protocols to which the client offers to switch, as one list, without HTTP itself.
std::string_view Parser::offeredUpgrades() {
  const std::span<const std::string_view> fields(facts_.upgrades, facts_.upgrade_count);
  std::size_t room = 0;
  bool as_it_is = facts_.upgrade_count == 1;
  for (const std::string_view field : fields) {
    room += field.size() + 2;
    forEachToken(field, [&](std::string_view each) { as_it_is &= !isHttpUpgrade(each); });
  }
  if (as_it_is) return facts_.upgrades[0];
  ArenaWriter pen(arena_, room);
  const char* separator = "";
  for (const std::string_view field : fields) {
    forEachToken(field, [&](std::string_view each) {
      if (isHttpUpgrade(each)) return;
      pen.put(std::exchange(separator, ", ")).put(each);
    });
  }
  return pen.text();
}

// RFC 9110, 7.6.1: fields that Connection names are not forwarded.
void Parser::removeNamedByConnection() {
  for (std::uint8_t i = 0; i < facts_.named_count; ++i) {
    forEachToken(facts_.named[i], [&](std::string_view token) { headers_.remove(token); });
  }
}

bool Parser::finishHead() {
  const bool good = request_ != nullptr ? finishRequest() : finishResponse();
  if (!good) state_ = State::kFailed;
  return good;
}

bool Parser::finishRequest() {
  Request& request = *request_;
  if (llhttp_ != nullptr && !readRequestLine()) return false;
  request.accepts_trailers = facts_.accepts_trailers;
  request.expects_continue = facts_.expects_continue && request.version != Version::kHttp10;
  if (!agreesOnFraming() || !readTarget()) return false;
  if (facts_.named_count > 0) removeNamedByConnection();
  if (facts_.chunked && request.version == Version::kHttp10) {
    return refuse(ErrorCode::kProtocol, "Transfer-Encoding in HTTP/1.0");
  }
  decideRequestBody();
  return true;
}

bool Parser::agreesOnFraming() {
  return !facts_.chunked || !facts_.has_length ||
         refuse(ErrorCode::kProtocol, "both Content-Length and Transfer-Encoding");
}

bool Parser::readTarget() {
  if (request_->method == Method::kConnect) return readConnectTarget();
  if (target_.starts_with('/')) return readOrigin(target_, facts_.host);
  if (target_ == "*") {
    if (request_->method == Method::kOptions) return readOrigin(target_, facts_.host);
    return refuse(ErrorCode::kProtocol, "asterisk-form is for OPTIONS");
  }
  const auto absolute = splitAbsolute(target_);
  if (absolute.authority.empty()) return refuse(ErrorCode::kProtocol, "invalid target");
  return agreesWithHost(absolute.authority, absolute.scheme) &&
         readOrigin(absolute.rest, absolute.authority);
}

bool Parser::readConnectTarget() {
  // RFC 9110, 9.3.6: there is no default port. (In an IPv6 address the last colon is in brackets.)
  const std::size_t colon = target_.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == target_.size() || target_.ends_with(']')) {
    return refuse(ErrorCode::kProtocol, "CONNECT without a port");
  }
  return agreesWithHost(target_, {}) && readOrigin({}, target_);
}

bool Parser::agreesWithHost(std::string_view authority, std::string_view scheme) {
  const bool same = !facts_.has_host || isSameAuthority(facts_.host, authority, scheme);
  return same || refuse(ErrorCode::kProtocol, "Host and target disagree");
}

// Path and query, which may be empty, and the authority.
bool Parser::readOrigin(std::string_view target, std::string_view authority) {
  Request& request = *request_;
  const std::size_t question = target.find('?');
  request.has_query = question != std::string_view::npos;
  request.path = target.substr(0, question);
  if (request.has_query) request.query = target.substr(question + 1);
  if (request.path.empty()) {
    request.path = request.method == Method::kOptions && !request.has_query ? "*" : "/";
  }
  if (!facts_.has_host && request.version == Version::kHttp11) {
    return refuse(ErrorCode::kProtocol, "missing Host");
  }
  return readAuthority(authority);
}

bool Parser::readAuthority(std::string_view authority) {
  request_->authority = authority;
  if (authority.empty() && request_->version == Version::kHttp10 && !facts_.has_host) return true;
  return isAuthority(authority) || refuse(ErrorCode::kProtocol, "invalid Host");
}

void Parser::decideRequestBody() {
  Request& request = *request_;
  const bool no_body = !facts_.chunked && (!facts_.has_length || facts_.content_length == 0);
  if (facts_.connection_upgrade && facts_.upgrade_count > 0 &&
      request.version == Version::kHttp11 && request.method != Method::kConnect) {
    request.upgrade = offeredUpgrades();
  }
  if (request.method == Method::kConnect) {
    request.body = BodyKind::kTunnel;
  } else if (facts_.chunked) {
    request.body = BodyKind::kStream;
  } else if (!no_body) {
    request.body = BodyKind::kLength;
  } else {
    request.body = BodyKind::kNone;
  }
  request.content_length = facts_.content_length;
  enterBody(request.body, facts_.content_length);
}

bool Parser::finishResponse() {
  Response& response = *response_;
  if (llhttp_ != nullptr && !readStatusLine()) return false;
  if (!agreesOnFraming()) return false;
  if (response.status < 100 || response.status > 599) {
    return refuse(ErrorCode::kProtocol, "invalid status");
  }
  if (facts_.named_count > 0) removeNamedByConnection();
  response.has_content_length = facts_.has_length;
  response.content_length = facts_.content_length;
  // RFC 9110, 15.5.22: a 426 lists acceptable protocols.
  const bool says_upgrade = response.status == 101 || response.status == 426;
  if (says_upgrade && facts_.connection_upgrade && facts_.upgrade_count > 0)
    response.upgrade = facts_.upgrades[0];
  return decideResponseBody();
}

// In the order of RFC 9112, 6.3.
bool Parser::decideResponseBody() {
  Response& response = *response_;
  const int status = response.status;
  if (facts_.chunked && response.version == Version::kHttp10) {
    return refuse(ErrorCode::kProtocol, "Transfer-Encoding in HTTP/1.0");
  }
  if (status == 101 || (asked_ == Method::kConnect && status >= 200 && status < 300)) {
    response.body = BodyKind::kTunnel;
    response.has_content_length = false;
  } else if (asked_ == Method::kHead || status < 200 || status == 204 || status == 304) {
    response.body = BodyKind::kNone;
    if (status < 200 || status == 204) response.has_content_length = false;
  } else if (facts_.chunked) {
    response.body = BodyKind::kStream;
  } else if (facts_.has_length) {
    response.body = facts_.content_length == 0 ? BodyKind::kNone : BodyKind::kLength;
  } else {
    response.body = BodyKind::kUntilClose;
  }
  enterBody(response.body, facts_.content_length);
  return true;
}

}  // namespace weir::http::h1
