#include "core/http/h2/head_reader.h"

#include "core/base/number.h"
#include "core/http/h2/options.h"
#include "core/http/syntax.h"

namespace weir::http::h2 {
namespace {

// Pseudo-header fields, which do not count as fields of the message.
constexpr std::uint32_t kMostPseudo = 5;

constexpr std::string_view kFieldsTooLarge = "header fields too large";

Error broken(std::string_view detail) {
  return {ErrorCode::kProtocol, Origin::kDownstream, detail};
}

std::string_view schemeOf(std::string_view value) {
  if (equalsIgnoringCase(value, "https")) return "https";
  return equalsIgnoringCase(value, "http") ? "http" : "";
}

}  // namespace

void HeadReader::start(Headers& headers) {
  headers_ = &headers;
  request_ = nullptr;
  response_ = nullptr;
  bytes_ = 0;
  fields_ = 0;
  cookies_ = 0;
  too_large_ = bad_length_ = bad_expect_ = has_length_ = false;
  host_ = target_ = protocol_ = scheme_ = {};
}

void HeadReader::begin(Request& request) {
  start(request.headers);
  request_ = &request;
  request.version = Version::kHttp2;
}

void HeadReader::begin(Response& response) {
  start(response.headers);
  response_ = &response;
  response.version = Version::kHttp2;
}

void HeadReader::beginTrailers(Headers& trailers) { start(trailers); }

void HeadReader::add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + kFieldCost;
  const bool pseudo = name.starts_with(':');
  const HeaderId id = pseudo ? HeaderId::kOther : headerId(name);
  // RFC 9113, 8.2.3: a client may split Cookie into crumbs, which count as one field here.
  if (id != HeaderId::kCookie || cookies_++ == 0) ++fields_;
  const bool trailers = request_ == nullptr && response_ == nullptr;
  const std::uint32_t most = limits_.headers + (trailers ? 0 : kMostPseudo);
  too_large_ = too_large_ || bytes_ > limits_.head_bytes || fields_ > most;
  if (too_large_) return;
  if (pseudo) return addPseudo(name, value);
  if (trailers && isForbiddenInTrailers(id)) return;
  if (isFramingField(id) && addFraming(id, value)) return;
  const std::string_view kept = id == HeaderId::kOther ? arena().copy(name) : headerName(id);
  headers_->add(id, kept, arena().copy(value));
}

void HeadReader::addPseudo(std::string_view name, std::string_view value) {
  if (response_ != nullptr) {
    response_->status = parseNumber<int>(value).value_or(0);
  } else if (name == ":method") {
    request_->method = methodOf(value);
    request_->method_text =
        request_->method == Method::kOther ? arena().copy(value) : toString(request_->method);
  } else if (name == ":authority") {
    request_->authority = arena().copy(value);
  } else if (name == ":scheme") {
    scheme_ = schemeOf(value);
  } else if (name == ":path") {
    target_ = arena().copy(value);
  } else if (name == ":protocol") {
    protocol_ = arena().copy(value);
  }
}

// True for fields that are members of the message. nghttp2 has rejected the other framing fields.
bool HeadReader::addFraming(HeaderId id, std::string_view value) {
  switch (id) {
    case HeaderId::kContentLength: {
      const auto length = parseNumber<std::uint64_t>(value);
      bad_length_ = bad_length_ || !length || has_length_;
      has_length_ = true;
      length_ = length.value_or(0);
      return true;
    }
    case HeaderId::kHost:
      if (request_ == nullptr) return false;
      host_ = arena().copy(value);
      return true;
    case HeaderId::kTe:
      if (request_ != nullptr) request_->accepts_trailers = hasToken(value, "trailers");
      return true;
    case HeaderId::kExpect:
      if (request_ == nullptr) return true;
      request_->expects_continue = equalsIgnoringCase(value, "100-continue");
      bad_expect_ = !request_->expects_continue;
      return true;
    default:
      return true;
  }
}

// RFC 9113, 8.2.3: joins the crumbs to one field, as in every other version.
void HeadReader::joinCookies() {
  std::size_t size = 0;
  for (const Header& field : *headers_) {
    if (field.id == HeaderId::kCookie) size += field.value.size() + 2;
  }
  char* const text = arena().allocate(size);
  char* to = text;
  for (const Header& field : *headers_) {
    if (field.id != HeaderId::kCookie) continue;
    if (to != text) to += std::string_view("; ").copy(to, 2);
    to += field.value.copy(to, field.value.size());
  }
  headers_->set(HeaderId::kCookie, {text, static_cast<std::size_t>(to - text)});
}

Result<void> HeadReader::finishRequest(bool ends) {
  Request& request = *request_;
  if (too_large_) return Error{ErrorCode::kTooLarge, Origin::kDownstream, kFieldsTooLarge};
  if (bad_length_) return broken("invalid content-length");
  if (bad_expect_)
    return Error{ErrorCode::kExpectation, Origin::kDownstream, "unknown expectation"};
  if (request.authority.empty()) request.authority = host_;
  if (!host_.empty() && !isSameAuthority(host_, request.authority, scheme_)) {
    return broken("host and :authority disagree");
  }
  if (!isAuthority(request.authority)) return broken("invalid :authority");
  if (cookies_ > 1) joinCookies();
  request.content_length = length_;
  request.body = has_length_ ? BodyKind::kLength : BodyKind::kStream;
  if (ends) request.body = BodyKind::kNone;
  if (request.method == Method::kConnect) {
    if (ends) return broken("CONNECT with END_STREAM");
    return protocol_.empty() ? readConnect() : readTarget();
  }
  return readTarget();
}

// Plain CONNECT (RFC 9113, 8.5): there is no path, and no default port.
Result<void> HeadReader::readConnect() {
  const std::string_view authority = request_->authority;
  if (authority.rfind(':') == std::string_view::npos || authority.ends_with(']') ||
      authority.ends_with(':')) {
    return broken("CONNECT without a port");
  }
  request_->path = "/";
  request_->body = BodyKind::kTunnel;
  return {};
}

Result<void> HeadReader::readTarget() {
  Request& request = *request_;
  if (target_.size() > limits_.target_bytes && limits_.target_bytes > 0) {
    return Error{ErrorCode::kTargetTooLarge, Origin::kDownstream, "target too long"};
  }
  if (!isTargetText(target_)) return broken("invalid byte in :path");
  const bool asterisk = target_ == "*" && request.method == Method::kOptions;
  if (!target_.starts_with('/') && !asterisk) return broken("invalid :path");
  const std::size_t question = target_.find('?');
  request.has_query = question != std::string_view::npos;
  request.path = target_.substr(0, question);
  if (request.has_query) request.query = target_.substr(question + 1);
  if (protocol_.empty()) return {};
  if (isHttpUpgrade(protocol_)) {
    return Error{ErrorCode::kNotImplemented, Origin::kDownstream, "unknown :protocol"};
  }
  // RFC 8441: the equivalent of an Upgrade in HTTP/1.
  request.method = Method::kGet;
  request.method_text = toString(Method::kGet);
  request.upgrade = protocol_;
  request.body = BodyKind::kNone;
  return {};
}

Result<void> HeadReader::finishResponse(bool ends, Method method) {
  Response& response = *response_;
  if (too_large_) return Error{ErrorCode::kTooLarge, Origin::kUpstream, kFieldsTooLarge};
  if (bad_length_ || response.status < 100 || response.status > 599 || response.status == 101) {
    return Error{ErrorCode::kProtocol, Origin::kUpstream, "invalid response head"};
  }
  response.has_content_length = has_length_ && response.status >= 200 && response.status != 204;
  response.content_length = length_;
  if (ends || response.status < 200) {
    response.body = BodyKind::kNone;
  } else if (method == Method::kConnect && response.status < 300) {
    response.body = BodyKind::kTunnel;
    response.has_content_length = false;
  } else {
    response.body = has_length_ ? BodyKind::kLength : BodyKind::kStream;
  }
  return {};
}

Result<void> HeadReader::finishTrailers(Origin from) const {
  if (!too_large_) return {};
  return Error{ErrorCode::kTooLarge, from, "trailer fields too large"};
}

}  // namespace weir::http::h2
