#include "observability/access_log/field.h"

#include <algorithm>
#include <iterator>

#include "observability/text/secrets.h"

namespace weir::access_log {
namespace {

using http::ExchangeRecord;
using http::HeaderId;
using http::Headers;
using http::PhaseTimes;

struct FieldRow {
  Field field;
  std::string_view name;
  bool by_default;
  std::string_view meaning;
};

constexpr FieldRow kRows[] = {
    {Field::kTime, "time", true, "Time of the first byte of the request, in UTC."},
    {Field::kDuration, "duration", true,
     "Time from the first byte of the request to the last byte of the response."},
    {Field::kHeadTime, "time.request_head", false, "Time until the request's head was complete."},
    {Field::kRoutedTime, "time.routed", false,
     "Time until the route was found and request filters had run."},
    {Field::kConnectedTime, "time.connected", true,
     "Time until a connection to the endpoint was available."},
    {Field::kRequestSentTime, "time.request_sent", false,
     "Time until the request was sent to the endpoint completely."},
    {Field::kFirstByteTime, "time.upstream_first_byte", true,
     "Time until the first byte of the endpoint's response."},
    {Field::kRequestBytes, "request.bytes", true,
     "Size of the request's body; with TCP, bytes from the client."},
    {Field::kResponseBytes, "response.bytes", true,
     "Size of the response's body; with TCP, bytes to the client."},
    {Field::kResponseStatus, "response.status", true, "Status code of the response."},
    {Field::kAttempts, "attempts", true, "Number of attempts, including the first."},
    {Field::kRequestId, "request.id", true, "Request ID, also sent as X-Request-Id."},
    {Field::kRequestMethod, "request.method", true, "Method."},
    {Field::kRequestScheme, "request.scheme", true, "Scheme: http or https."},
    {Field::kRequestAuthority, "request.authority", true,
     "Host and port, as sent by the client; with TCP and failed TLS handshakes, the server name."},
    {Field::kRequestHost, "request.host", false, "Host without port."},
    {Field::kRequestPath, "request.path", true, "Path."},
    {Field::kRequestQuery, "request.query", true, "Query without the question mark."},
    {Field::kRequestProtocol, "request.protocol", true,
     "Protocol of the client: HTTP/1.1 and so on; TCP for a connection that is passed through, TLS "
     "for "
     "a failed handshake."},
    {Field::kClientAddress, "client.address", true,
     "Address of the client, as resolved from trusted headers."},
    {Field::kClientIdentity, "client.identity", true,
     "Identity of the client's certificate, such as a SPIFFE ID."},
    {Field::kOriginalDestination, "client.original_destination", true,
     "Address and port to which the client of a redirected connection had connected; see "
     "[Interception](interception.md)."},
    {Field::kListenerName, "listener.name", true, "Name of the listener."},
    {Field::kRouteName, "route.name", true, "Name of the route."},
    {Field::kUpstreamName, "upstream.name", true, "Name of the upstream."},
    {Field::kUpstreamEndpoint, "upstream.endpoint", true,
     "Address of the endpoint of the last attempt."},
    {Field::kUpstreamIdentity, "upstream.identity", true,
     "Identity of the endpoint's certificate."},
    {Field::kReason, "reason", true,
     "Reason for which weir answered or ended the request; see [Reasons](reasons.md)."},
    {Field::kReasonDetail, "reason.detail", true, "Detail of the reason."},
    {Field::kGrpcStatus, "grpc.status", true, "Status of a gRPC call, as a number."},
    {Field::kAuthzShadow, "authz.shadow", true,
     "Decision of the policies of `rbac` in shadow mode, if it differs from the actual one: `deny` "
     "or `allow`, and the name of the policy."},
    {Field::kTraceId, "trace.id", true, "Trace ID, with [tracing](tracing.md)."},
};

constexpr std::string_view kRequestHeaderPrefix = "request.header.";
constexpr std::string_view kResponseHeaderPrefix = "response.header.";
constexpr std::string_view kRedacted = "redacted";
constexpr std::size_t kMaxHeaderName = 128;

constexpr HeaderId kCredentials[] = {HeaderId::kAuthorization, HeaderId::kProxyAuthorization,
                                     HeaderId::kCookie, HeaderId::kSetCookie};

constexpr std::string_view kApiKeyHeader = "x-api-key";  // where most clients send API keys

std::optional<FieldUse> headerField(Field field, std::string_view name, std::string& why) {
  if (name.empty() || name.size() > kMaxHeaderName) {
    why = "the name of a header is missing or too long";
    return std::nullopt;
  }
  const HeaderId id = http::headerId(name);
  const bool known =
      std::find(std::begin(kCredentials), std::end(kCredentials), id) != std::end(kCredentials);
  if (known || http::equalsIgnoringCase(name, kApiKeyHeader)) {
    why = "the header " + std::string(name) + " holds credentials and is never logged";
    return std::nullopt;
  }
  return FieldUse{field, id, std::string(name)};
}

Nanoseconds durationOf(Field field, const PhaseTimes& times) {
  switch (field) {
    case Field::kDuration:
      return times.total;
    case Field::kHeadTime:
      return times.request_head;
    case Field::kRoutedTime:
      return times.routed;
    case Field::kConnectedTime:
      return times.connected;
    case Field::kRequestSentTime:
      return times.request_sent;
    case Field::kFirstByteTime:
      return times.upstream_first_byte;
    default:
      return PhaseTimes::kNotReached;
  }
}

std::uint64_t numberOf(Field field, const ExchangeRecord& record) {
  switch (field) {
    case Field::kRequestBytes:
      return record.request_body_bytes;
    case Field::kResponseBytes:
      return record.response_body_bytes;
    case Field::kResponseStatus:
      return static_cast<std::uint64_t>(record.status);
    case Field::kAttempts:
      return record.attempts;
    default:
      return 0;
  }
}

std::string_view textOf(Field field, const ExchangeRecord& record) {
  switch (field) {
    case Field::kRequestId:
      return record.request_id;
    case Field::kRequestMethod:
      if (!record.transport.empty()) return {};
      return record.method_text.empty() ? http::toString(record.method) : record.method_text;
    case Field::kRequestScheme:
      return record.scheme;
    case Field::kRequestAuthority:
      return record.authority;
    case Field::kRequestHost:
      return http::hostOf(record.authority);
    case Field::kRequestPath:
      return record.path;
    case Field::kRequestQuery:
      return record.query;
    case Field::kRequestProtocol:
      return record.transport.empty() ? http::toString(record.version) : record.transport;
    case Field::kClientAddress:
      return record.client_address;
    case Field::kClientIdentity:
      return record.client_identity;
    case Field::kOriginalDestination:
      return record.original_destination;
    case Field::kListenerName:
      return record.listener;
    case Field::kRouteName:
      return record.route;
    case Field::kUpstreamName:
      return record.upstream;
    case Field::kUpstreamEndpoint:
      return record.endpoint;
    case Field::kUpstreamIdentity:
      return record.upstream_identity;
    case Field::kReason:
      return toString(record.reason);
    case Field::kReasonDetail:
      return record.reason_detail;
    case Field::kGrpcStatus:
      return record.grpc_status;
    case Field::kAuthzShadow:
      return record.shadow;
    case Field::kTraceId:
      return record.trace_id;
    default:
      return {};
  }
}

bool isDuration(Field field) { return field >= Field::kDuration && field <= Field::kFirstByteTime; }
bool isNumber(Field field) { return field >= Field::kRequestBytes && field <= Field::kAttempts; }
bool isHeader(Field field) { return field >= Field::kRequestHeader; }

const Headers* headersFor(const FieldUse& use, const ExchangeRecord& record) {
  return use.field == Field::kRequestHeader ? record.request_headers : record.response_headers;
}

bool isNamed(const http::Header& header, const FieldUse& use) {
  if (use.header_id != HeaderId::kOther) return header.id == use.header_id;
  return http::equalsIgnoringCase(header.name, use.header);
}

// The values of parameters that hold secrets are replaced.
void writeSafe(std::string_view url, std::string_view query, Line& line) {
  line.value(url.substr(0, url.size() - query.size()));
  visitRedacted(query, [&line](std::string_view piece) { line.value(piece); });
}

void writeHeader(const FieldUse& use, std::string_view value, Redaction redaction, Line& line) {
  const bool is_url = use.header_id == HeaderId::kReferer || use.header_id == HeaderId::kLocation;
  if (is_url && redaction == Redaction::kSecrets) {
    const std::size_t query =
        value.find('?') == std::string_view::npos ? value.size() : value.find('?') + 1;
    return writeSafe(value, value.substr(query), line);
  }
  const bool cuts = is_url && redaction == Redaction::kQuery;
  const std::size_t end = cuts ? value.find('?') : std::string_view::npos;
  line.value(value.substr(0, end));
  if (end == std::string_view::npos) return;
  line.value("?");
  line.value(kRedacted);
}

// Fields of the same name are joined (RFC 9110, 5.3).
bool writeHeaders(const FieldUse& use, const ExchangeRecord& record, Redaction redaction,
                  std::string_view before, Line& line) {
  const Headers* const headers = headersFor(use, record);
  if (headers == nullptr) return false;
  bool found = false;
  for (const http::Header& header : *headers) {
    if (!isNamed(header, use)) continue;
    if (found) {
      line.value(", ");
    } else {
      line.raw(before);
      line.beginValue();
      found = true;
    }
    writeHeader(use, header.value, redaction, line);
  }
  if (found) line.endValue();
  return found;
}

bool writeText(std::string_view text, Redaction redaction, std::string_view before, Line& line) {
  if (text.empty()) return false;
  line.raw(before);
  line.beginValue();
  if (redaction == Redaction::kSecrets) {
    writeSafe(text, text, line);
  } else {
    line.value(redaction == Redaction::kQuery ? kRedacted : text);
  }
  line.endValue();
  return true;
}

// True if a numeric field has a value.
bool hasNumber(Field field, const ExchangeRecord& record) {
  if (isDuration(field)) return durationOf(field, record.times) >= Nanoseconds(0);
  return field != Field::kResponseStatus || record.status != 0;
}

constexpr bool rowsAreInOrder() {
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<std::size_t>(kRows[i].field) != i) return false;
  }
  return std::size(kRows) == static_cast<std::size_t>(Field::kRequestHeader);
}
static_assert(rowsAreInOrder());

}  // namespace

std::optional<FieldUse> fieldNamed(std::string_view name, std::string& why) {
  for (const FieldRow& row : kRows) {
    if (row.name == name) return FieldUse{row.field, HeaderId::kOther, {}};
  }
  if (name.starts_with(kRequestHeaderPrefix)) {
    return headerField(Field::kRequestHeader, name.substr(kRequestHeaderPrefix.size()), why);
  }
  if (name.starts_with(kResponseHeaderPrefix)) {
    return headerField(Field::kResponseHeader, name.substr(kResponseHeaderPrefix.size()), why);
  }
  why = "there is no field " + std::string(name) + "; there are ";
  for (const FieldRow& row : kRows) why.append(row.name).append(", ");
  why += std::string(kRequestHeaderPrefix) + "NAME, " + std::string(kResponseHeaderPrefix) + "NAME";
  return std::nullopt;
}

std::string nameOf(const FieldUse& use) {
  if (use.field == Field::kRequestHeader) return std::string(kRequestHeaderPrefix) + use.header;
  if (use.field == Field::kResponseHeader) return std::string(kResponseHeaderPrefix) + use.header;
  return std::string(kRows[static_cast<std::size_t>(use.field)].name);
}

std::string jsonKey(const FieldUse& use) {
  std::string key = nameOf(use);
  if (key.ends_with(".name")) key.resize(key.size() - 5);  // as in the label of the metric
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  std::replace_if(
      key.begin(), key.end(), [&](char c) { return !is_word(c); }, '_');
  return key;
}

std::vector<FieldUse> defaultFields() {
  std::vector<FieldUse> fields;
  for (const FieldRow& row : kRows) {
    if (row.by_default) fields.push_back({row.field, HeaderId::kOther, {}});
  }
  fields.push_back({Field::kRequestHeader, HeaderId::kUserAgent, "user-agent"});
  fields.push_back({Field::kRequestHeader, HeaderId::kReferer, "referer"});
  return fields;
}

std::vector<std::string_view> fieldNames() {
  std::vector<std::string_view> names;
  for (const FieldRow& row : kRows) names.push_back(row.name);
  return names;
}

std::vector<FieldText> describeFields() {
  std::vector<FieldText> texts;
  for (const FieldRow& row : kRows) {
    texts.push_back({std::string(row.name), row.meaning, row.by_default});
  }
  const auto header = [&texts](std::string_view prefix, std::string_view meaning) {
    texts.push_back({std::string(prefix) + "NAME", meaning, false});
  };
  header(kRequestHeaderPrefix, "A header of the request; credentials are never logged.");
  header(kResponseHeaderPrefix, "A header of the response; credentials are never logged.");
  return texts;
}

bool isText(Field field) { return !isDuration(field) && !isNumber(field); }

bool writeField(const FieldUse& use, const ExchangeRecord& record, Redaction redaction,
                std::string_view before, Line& line) {
  const Field field = use.field;
  if (isHeader(field)) return writeHeaders(use, record, redaction, before, line);
  if (isText(field) && field != Field::kTime) {
    const Redaction applied = field == Field::kRequestQuery ? redaction : Redaction::kNone;
    return writeText(textOf(field, record), applied, before, line);
  }
  if (!hasNumber(field, record)) return false;
  line.raw(before);
  if (field == Field::kTime) {
    line.time(record.start);
  } else if (isDuration(field)) {
    line.seconds(durationOf(field, record.times));
  } else {
    line.number(numberOf(field, record));
  }
  return true;
}

}  // namespace weir::access_log
