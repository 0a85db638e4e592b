// Interprets the start line and the fields of a head together (RFC 9112, 3, 6 and 9).
#include <array>
#include <span>
#include <utility>

#include <llhttp.h>

#include "core/base/arena_writer.h"
#include "core/base/number.h"
#include "core/http/h1/parser.h"
#include "core/http/syntax.h"

namespace weir::http::h1 {
namespace {

// llhttp's methods by number, with the corresponding Method.
class MethodNames {
 public:
  struct Entry {
    std::string_view text;
    Method method = Method::kOther;
  };

  MethodNames() {
    for (unsigned number = 0; number < entries_.size(); ++number) {
      const char* text = llhttp_method_name(static_cast<llhttp_method_t>(number));
      entries_[number] = {text, methodOf(text)};
    }
  }
  const Entry& operator[](unsigned number) const { return entries_[number]; }

 private:
  std::array<Entry, HTTP_QUERY + 1> entries_;  // the last method that llhttp knows
};

}  // namespace

bool Parser::readFramingField(HeaderId id) {
  switch (id) {
    case HeaderId::kHost:
      return readHost();
    case HeaderId::kContentLength:
      return readContentLength();
    case HeaderId::kTransferEncoding:
      return readTransferEncoding();
    case HeaderId::kConnection:
      return readConnection(value_);
    case HeaderId::kUpgrade:
      return readUpgrade();
    case HeaderId::kTe:
      if (request_ != nullptr) request_->accepts_trailers = hasToken(value_, "trailers");
      return true;
    case HeaderId::kExpect:
      return readExpect();
    default:
      return true;  // Keep-Alive, Proxy-Connection, HTTP2-Settings: hop-by-hop
  }
}

bool Parser::readHost() {
  if (request_ == nullptr) return true;
  if (has_host_) return refuse(ErrorCode::kProtocol, "more than one Host");
  has_host_ = true;
  host_ = value_;
  return true;
}

bool Parser::readContentLength() {
  const auto length = parseNumber<std::uint64_t>(value_);
  if (!length) return refuse(ErrorCode::kProtocol, "invalid Content-Length");
  if (has_length_) return refuse(ErrorCode::kProtocol, "more than one Content-Length");
  has_length_ = true;
  content_length_ = *length;
  return true;
}

bool Parser::readTransferEncoding() {
  if (chunked_) return refuse(ErrorCode::kProtocol, "more than one Transfer-Encoding");
  chunked_ = equalsIgnoringCase(value_, "chunked");
  return chunked_ || refuse(ErrorCode::kProtocol, "unknown transfer coding");
}

bool Parser::readExpect() {
  if (request_ == nullptr) return true;
  request_->expects_continue = equalsIgnoringCase(value_, "100-continue");
  return request_->expects_continue || refuse(ErrorCode::kExpectation, "unknown expectation");
}

bool Parser::readConnection(std::string_view value) {
  bool names_fields = false;
  forEachToken(value, [&](std::string_view token) {
    if (equalsIgnoringCase(token, "close")) {
      persistence_.close = true;
    } else if (equalsIgnoringCase(token, "keep-alive")) {
      persistence_.keep_alive = true;
    } else if (equalsIgnoringCase(token, "upgrade")) {
      connection_upgrade_ = true;
    } else {
      names_fields = true;
    }
  });
  if (!names_fields) return true;
  if (named_count_ == std::size(named_)) {
    return refuse(ErrorCode::kProtocol, "too many Connection fields");
  }
  named_[named_count_++] = value;
  return true;
}

bool Parser::readUpgrade() {
  if (upgrade_count_ == std::size(upgrades_)) {
    return refuse(ErrorCode::kProtocol, "too many Upgrade fields");
  }
  upgrades_[upgrade_count_++] = value_;
  return true;
}

// The protocols to which the client offers to switch, as one list, without HTTP itself.
std::string_view Parser::offeredUpgrades() {
  const std::span<const std::string_view> fields(upgrades_, upgrade_count_);
  std::size_t room = 0;
  bool as_it_is = upgrade_count_ == 1;
  for (const std::string_view field : fields) {
    room += field.size() + 2;
    forEachToken(field, [&](std::string_view each) { as_it_is &= !isHttpUpgrade(each); });
  }
  if (as_it_is) return upgrades_[0];
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
  for (std::uint8_t i = 0; i < named_count_; ++i) {
    forEachToken(named_[i], [&](std::string_view token) { headers_.remove(token); });
  }
}

bool Parser::finishRequest() {
  llhttp_t* state = llhttp_;
  Request& request = *request_;
  request.version = llhttp_get_http_minor(state) == 0 ? Version::kHttp10 : Version::kHttp11;
  static const MethodNames kMethods;
  const MethodNames::Entry& method = kMethods[llhttp_get_method(state)];
  request.method_text = method.text;
  request.method = method.method;
  if (extension_method_) {
    request.method_text = {head_, method_size_};
    request.method = Method::kOther;
  }
  if (!checkStartLine()) return false;
  // RFC 9110, 2.5: a higher minor version is treated as the highest known one.
  if (llhttp_get_http_major(state) != 1) {
    return refuse(ErrorCode::kVersion, "HTTP version not supported");
  }
  if (!agreesOnFraming() || !readTarget()) return false;
  if (named_count_ > 0) removeNamedByConnection();
  if (request.version == Version::kHttp10) {
    if (chunked_) return refuse(ErrorCode::kProtocol, "Transfer-Encoding in HTTP/1.0");
    request.expects_continue = false;
  }
  decideRequestBody();
  return true;
}

// Parser and llhttp both read Transfer-Encoding; llhttp misses a coding with a tab after it.
bool Parser::agreesOnFraming() {
  if (!chunked_ && (llhttp_->flags & F_CHUNKED) != 0) {
    return refuse(ErrorCode::kProtocol, "malformed Transfer-Encoding");
  }
  return !chunked_ || !has_length_ ||
         refuse(ErrorCode::kProtocol, "both Content-Length and Transfer-Encoding");
}

// llhttp accepts repeated spaces; two parsers may differ on where the target begins.
bool Parser::checkStartLine() {
  const std::string_view head(head_, head_size_);
  const std::size_t at = request_->method_text.size() + 1;
  const std::size_t after = at + target_.size();
  const bool exact = head.starts_with(request_->method_text) && head[at - 1] == ' ' &&
                     target_.data() == head_ + at && head.substr(after, 6) == " HTTP/" &&
                     head.substr(after + 9, 2) == "\r\n";
  return exact || refuse(ErrorCode::kProtocol, "malformed request line");
}

bool Parser::readTarget() {
  if (!isTargetText(target_)) return refuse(ErrorCode::kProtocol, "invalid byte in target");
  if (request_->method == Method::kConnect) return readConnectTarget();
  if (target_.starts_with('/')) return readOrigin(target_, host_);
  if (target_ == "*") {
    if (request_->method == Method::kOptions) return readOrigin(target_, host_);
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
  const bool same = !has_host_ || isSameAuthority(host_, authority, scheme);
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
  if (!has_host_ && request.version == Version::kHttp11) {
    return refuse(ErrorCode::kProtocol, "missing Host");
  }
  return readAuthority(authority);
}

bool Parser::readAuthority(std::string_view authority) {
  request_->authority = authority;
  if (authority.empty() && request_->version == Version::kHttp10 && !has_host_) return true;
  return isAuthority(authority) || refuse(ErrorCode::kProtocol, "invalid Host");
}

void Parser::decideRequestBody() {
  Request& request = *request_;
  const bool no_body = !chunked_ && (!has_length_ || content_length_ == 0);
  if (connection_upgrade_ && upgrade_count_ > 0 && request.version == Version::kHttp11 &&
      request.method != Method::kConnect) {
    request.upgrade = offeredUpgrades();
  }
  if (request.method == Method::kConnect) {
    request.body = BodyKind::kTunnel;
  } else if (chunked_) {
    request.body = BodyKind::kStream;
  } else if (!no_body) {
    request.body = BodyKind::kLength;
  } else {
    request.body = BodyKind::kNone;
  }
  request.content_length = content_length_;
  enterBody(request.body, content_length_);
}

bool Parser::finishResponse() {
  llhttp_t* state = llhttp_;
  if (llhttp_get_http_major(state) != 1) {
    return refuse(ErrorCode::kProtocol, "HTTP version not supported");
  }
  if (!std::string_view(head_, head_size_).starts_with("HTTP/1.")) {
    return refuse(ErrorCode::kProtocol, "bytes before the status line");
  }
  if (!agreesOnFraming()) return false;
  Response& response = *response_;
  response.version = llhttp_get_http_minor(state) == 0 ? Version::kHttp10 : Version::kHttp11;
  response.status = llhttp_get_status_code(state);
  if (response.status < 100 || response.status > 599) {
    return refuse(ErrorCode::kProtocol, "invalid status");
  }
  if (named_count_ > 0) removeNamedByConnection();
  response.has_content_length = has_length_;
  response.content_length = content_length_;
  // RFC 9110, 15.5.22: a 426 lists acceptable protocols.
  const bool says_upgrade = response.status == 101 || response.status == 426;
  if (says_upgrade && connection_upgrade_ && upgrade_count_ > 0) response.upgrade = upgrades_[0];
  return decideResponseBody();
}

// In the order of RFC 9112, 6.3.
bool Parser::decideResponseBody() {
  Response& response = *response_;
  const int status = response.status;
  if (chunked_ && response.version == Version::kHttp10) {
    return refuse(ErrorCode::kProtocol, "Transfer-Encoding in HTTP/1.0");
  }
  if (status == 101 || (asked_ == Method::kConnect && status >= 200 && status < 300)) {
    response.body = BodyKind::kTunnel;
    response.has_content_length = false;
  } else if (asked_ == Method::kHead || status < 200 || status == 204 || status == 304) {
    response.body = BodyKind::kNone;
    if (status < 200 || status == 204) response.has_content_length = false;
  } else if (chunked_) {
    response.body = BodyKind::kStream;
  } else if (has_length_) {
    response.body = content_length_ == 0 ? BodyKind::kNone : BodyKind::kLength;
  } else {
    response.body = BodyKind::kUntilClose;
  }
  enterBody(response.body, content_length_);
  return true;
}

}  // namespace weir::http::h1
