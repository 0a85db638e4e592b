#include "core/http/facts.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "core/base/number.h"
#include "core/http/principal.h"
#include "core/http/query.h"

namespace weir::http {
namespace {

// First those of RequestVariables.
enum class Fact : std::uint8_t {
  kRequestMethod,
  kRequestScheme,
  kRequestHost,
  kRequestPath,
  kRequestRawPath,
  kRequestQuery,
  kRequestHeaders,
  kRequestHeaderValues,
  kRequestProtocol,
  kRequestId,
  kRequestTime,
  kClientAddress,
  kClientIdentity,
  kOriginalDestination,
  kConnectionTls,
  kConnectionSni,
  kConnectionMtls,
  kListenerName,
  kRouteName,
  kAuthMethod,
  kAuthSubject,
  kAuthIssuer,
  kAuthConsumer,
  kAuthScopes,
  kAuthGroups,
  kAuthClaims,
  kRequestSize,
  kUpstreamName,
  kUpstreamEndpoint,
  kUpstreamIdentity,
  kUpstreamAttempts,
  kResponseStatus,
  kResponseGrpcStatus,
  kResponseHeaders,
  kResponseHeaderValues,
  kResponseSize,
  kResponseReason,
  kResponseDuration,
};

// Marks names that are headers of HTTP, so that the others need not be looked up by id.
std::uint32_t headerHint(std::string_view name) {
  return static_cast<std::uint32_t>(headerId(name));
}

// In the order of Fact.
constexpr expr::Variable kVariables[] = {
    {"request.method", expr::Kind::kString, "Method, such as \"GET\"."},
    {"request.scheme", expr::Kind::kString, "Scheme: \"http\" or \"https\"."},
    {"request.host", expr::Kind::kString, "Host without port."},
    {"request.path", expr::Kind::kString,
     "Path without the query, normalized, before the route rewrites it."},
    {"request.raw_path", expr::Kind::kString, "Path as received, without the query."},
    {"request.query",
     {expr::Kind::kMap, expr::Kind::kString},
     "Parameters of the query by name, decoded; the first one of a name."},
    {"request.headers",
     {expr::Kind::kMap, expr::Kind::kString},
     "Headers of the request by name in any case; several lines of a name are joined with \", \".",
     false,
     headerHint},
    {"request.header_values",
     {expr::Kind::kMap, expr::Kind::kList, expr::Kind::kString},
     "Lines of a header as a list, which is empty if there is none.",
     true,
     headerHint},
    {"request.protocol", expr::Kind::kString,
     "Protocol of the client: \"HTTP/1.1\" and so on; \"TCP\" for a connection that is passed "
     "through, \"TLS\" for a failed handshake."},
    {"request.id", expr::Kind::kString, "Request ID."},
    {"request.time", expr::Kind::kTimestamp, "Time at which the request began."},
    {"client.address", expr::Kind::kString,
     "IP address of the client, as resolved from trusted headers."},
    {"client.identity", expr::Kind::kString,
     "Identity of the client's certificate, such as a SPIFFE ID."},
    {"client.original_destination", expr::Kind::kString,
     "Address and port to which the client of a redirected connection had connected."},
    {"connection.tls", expr::Kind::kBool, "Whether the client's connection to weir uses TLS."},
    {"connection.sni", expr::Kind::kString,
     "Server name that the client has requested by TLS, in lower case."},
    {"connection.mtls", expr::Kind::kBool,
     "Whether the client has a TLS certificate that weir has verified."},
    {"listener.name", expr::Kind::kString, "Name of the listener."},
    {"route.name", expr::Kind::kString, "Name of the route."},
    {"auth.method", expr::Kind::kString,
     "How the caller was authenticated, such as \"jwt\"; missing for anonymous requests."},
    {"auth.subject", expr::Kind::kString, "Subject of the credentials, such as a user."},
    {"auth.issuer", expr::Kind::kString, "Issuer of the credentials."},
    {"auth.consumer", expr::Kind::kString, "Name of the consumer to whom the credentials belong."},
    {"auth.scopes",
     {expr::Kind::kList, expr::Kind::kString},
     "Scopes that the credentials grant; an empty list if there are none."},
    {"auth.groups",
     {expr::Kind::kList, expr::Kind::kString},
     "Groups of the caller; an empty list if there are none."},
    {"auth.claims", {expr::Kind::kMap, expr::Kind::kDyn}, "Claims of the caller's token, by name."},
    {"request.size", expr::Kind::kInt, "Bytes of the request's body."},
    {"upstream.name", expr::Kind::kString, "Name of the upstream."},
    {"upstream.endpoint", expr::Kind::kString, "Address of the endpoint of the last attempt."},
    {"upstream.identity", expr::Kind::kString, "Identity of the endpoint's certificate."},
    {"upstream.attempts", expr::Kind::kInt,
     "Number of attempts to send the request to an endpoint."},
    {"response.status", expr::Kind::kInt, "Status of the response."},
    {"response.grpc_status", expr::Kind::kInt, "Status of the gRPC call."},
    {"response.headers",
     {expr::Kind::kMap, expr::Kind::kString},
     "Headers of the response, like `request.headers`.",
     false,
     headerHint},
    {"response.header_values",
     {expr::Kind::kMap, expr::Kind::kList, expr::Kind::kString},
     "Lines of a header of the response, like `request.header_values`.",
     true,
     headerHint},
    {"response.size", expr::Kind::kInt, "Bytes of the response's body."},
    {"response.reason", expr::Kind::kString,
     "Reason for which weir itself answered or ended the request."},
    {"response.duration", expr::Kind::kDuration,
     "Time from the first byte of the request to the last byte of the response."},
};
static_assert(std::size(kVariables) == static_cast<std::size_t>(Fact::kResponseDuration) + 1);

expr::Value textOrMissing(std::string_view text) {
  return text.empty() ? expr::Value::missing() : expr::Value::string(text);
}

expr::Value integerOf(std::uint64_t number) {
  return expr::Value::integer(static_cast<std::int64_t>(number));
}

expr::Value methodOf(const ExchangeRecord& record) {
  if (!record.transport.empty()) return expr::Value::missing();
  return expr::Value::string(record.method_text.empty() ? toString(record.method)
                                                        : record.method_text);
}

expr::Value grpcStatusOf(const ExchangeRecord& record) {
  const auto status = parseNumber<std::int64_t>(record.grpc_status);
  return status ? expr::Value::integer(*status) : expr::Value::missing();
}

expr::Value readText(Fact fact, const ExchangeRecord& record) {
  switch (fact) {
    case Fact::kRequestMethod:
      return methodOf(record);
    case Fact::kRequestScheme:
      return textOrMissing(record.scheme);
    case Fact::kRequestHost:
      return textOrMissing(hostOf(record.authority));
    case Fact::kRequestPath:
      return textOrMissing(record.normalized_path.empty() ? record.path : record.normalized_path);
    case Fact::kRequestRawPath:
      return textOrMissing(record.path);
    case Fact::kRequestProtocol:
      return expr::Value::string(record.transport.empty() ? toString(record.version)
                                                          : record.transport);
    case Fact::kRequestId:
      return textOrMissing(record.request_id);
    case Fact::kClientAddress:
      return textOrMissing(record.client_address);
    case Fact::kClientIdentity:
      return textOrMissing(record.client_identity);
    case Fact::kOriginalDestination:
      return textOrMissing(record.original_destination);
    case Fact::kConnectionSni:
      return textOrMissing(record.server_name);
    case Fact::kListenerName:
      return textOrMissing(record.listener);
    case Fact::kRouteName:
      return textOrMissing(record.route);
    case Fact::kUpstreamName:
      return textOrMissing(record.upstream);
    case Fact::kUpstreamEndpoint:
      return textOrMissing(record.endpoint);
    case Fact::kUpstreamIdentity:
      return textOrMissing(record.upstream_identity);
    case Fact::kResponseReason:
      return record.reason == Reason::kNone ? expr::Value::missing()
                                            : expr::Value::string(toString(record.reason));
    default:
      return expr::Value::missing();
  }
}

expr::Value listOf(std::span<const std::string_view> texts, Arena& arena) {
  if (texts.empty()) return expr::Value::list({});
  auto* const items = arena.array<expr::Value>(texts.size());
  std::ranges::transform(texts, items, expr::Value::string);
  return expr::Value::list({items, texts.size()});
}

expr::Value readPrincipal(Fact fact, const Principal& principal, Arena& arena) {
  switch (fact) {
    case Fact::kAuthMethod:
      return textOrMissing(principal.method);
    case Fact::kAuthSubject:
      return textOrMissing(principal.subject);
    case Fact::kAuthIssuer:
      return textOrMissing(principal.issuer);
    case Fact::kAuthConsumer:
      return textOrMissing(principal.consumer);
    case Fact::kAuthScopes:
      return listOf(principal.scopes, arena);
    case Fact::kAuthGroups:
      return listOf(principal.groups, arena);
    default:
      return principal.claims == nullptr ? expr::Value::missing()
                                         : expr::Value::map(*principal.claims);
  }
}

bool hasCertificate(const ExchangeRecord& record) {
  return !record.client_certificate.empty() || !record.client_subject.empty();
}

bool isAboutPrincipal(Fact fact) { return fact >= Fact::kAuthMethod && fact <= Fact::kAuthClaims; }

constexpr Principal kNobody;

bool mayHave(const Headers* headers, std::uint32_t hint) {
  if (headers == nullptr) return false;
  const auto id = static_cast<HeaderId>(hint);
  return id == HeaderId::kOther || headers->mayHave(id);
}

}  // namespace

expr::Schema RequestVariables::schema() {
  return expr::Schema(kVariables).first(static_cast<std::size_t>(Fact::kRequestSize));
}

expr::Schema RecordVariables::schema() { return kVariables; }

expr::Value HeaderMap::find(std::string_view key, std::uint32_t hint, Arena& /*arena*/) const {
  if (!mayHave(headers_, hint)) return expr::Value::missing();
  const auto value = headers_->joined(key);
  return value ? expr::Value::string(*value) : expr::Value::missing();
}

std::size_t HeaderMap::size() const { return headers_ == nullptr ? 0 : headers_->size(); }

expr::Value HeaderLines::find(std::string_view key, std::uint32_t hint, Arena& arena) const {
  if (!mayHave(headers_, hint)) return expr::Value::list({});
  const auto same = [key](const Header& header) { return equalsIgnoringCase(header.name, key); };
  const auto count =
      static_cast<std::size_t>(std::count_if(headers_->begin(), headers_->end(), same));
  if (count == 0) return expr::Value::list({});
  auto* const lines = arena.array<expr::Value>(count);
  std::size_t filled = 0;
  for (const Header& header : *headers_) {
    if (same(header)) lines[filled++] = expr::Value::string(header.value);
  }
  return expr::Value::list({lines, count});
}

std::size_t HeaderLines::size() const { return headers_ == nullptr ? 0 : headers_->size(); }

expr::Value QueryMap::find(std::string_view key, std::uint32_t /*hint*/, Arena& arena) const {
  const auto value = findQueryParameter(query_, key);
  return value ? expr::Value::string(decodeQueryText(*value, arena)) : expr::Value::missing();
}

std::size_t QueryMap::size() const {
  if (query_.empty()) return 0;
  return 1 + static_cast<std::size_t>(std::count(query_.begin(), query_.end(), '&'));
}

ExchangeFacts::ExchangeFacts(const ExchangeRecord& record)
    : record_(record),
      query_(record.query),
      request_headers_(record.request_headers),
      response_headers_(record.response_headers),
      request_lines_(record.request_headers),
      response_lines_(record.response_headers) {}

expr::Value ExchangeFacts::read(std::size_t index, Arena& arena) const {
  const auto fact = static_cast<Fact>(index);
  if (isAboutPrincipal(fact)) {
    return readPrincipal(fact, record_.principal == nullptr ? kNobody : *record_.principal, arena);
  }
  switch (fact) {
    case Fact::kRequestQuery:
      return expr::Value::map(query_);
    case Fact::kRequestHeaders:
      return expr::Value::map(request_headers_);
    case Fact::kRequestHeaderValues:
      return expr::Value::map(request_lines_);
    case Fact::kResponseHeaders:
      return expr::Value::map(response_headers_);
    case Fact::kResponseHeaderValues:
      return expr::Value::map(response_lines_);
    case Fact::kRequestTime:
      return expr::Value::timestamp(record_.start);
    case Fact::kConnectionTls:
      return expr::Value::boolean(record_.tls);
    case Fact::kConnectionMtls:
      return expr::Value::boolean(hasCertificate(record_));
    case Fact::kRequestSize:
      return integerOf(record_.request_body_bytes);
    case Fact::kUpstreamAttempts:
      return integerOf(record_.attempts);
    case Fact::kResponseStatus:
      return record_.status == 0 ? expr::Value::missing() : expr::Value::integer(record_.status);
    case Fact::kResponseGrpcStatus:
      return grpcStatusOf(record_);
    case Fact::kResponseSize:
      return integerOf(record_.response_body_bytes);
    case Fact::kResponseDuration:
      return record_.times.total < Nanoseconds(0) ? expr::Value::missing()
                                                  : expr::Value::duration(record_.times.total);
    default:
      return readText(fact, record_);
  }
}

}  // namespace weir::http
