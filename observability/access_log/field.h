#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/record.h"
#include "observability/access_log/line.h"

namespace weir::access_log {

// The fields of a line. Their names are those of the variables in the configuration, as in
// "${request.id}"; in JSON, "request_id".
enum class Field : std::uint8_t {
  kTime,                 // time: when the request began
  kDuration,             // duration: in seconds, like all times below; each since the start
  kHeadTime,             // time.request_head
  kRoutedTime,           // time.routed
  kConnectedTime,        // time.connected
  kRequestSentTime,      // time.request_sent
  kFirstByteTime,        // time.upstream_first_byte
  kRequestBytes,         // request.bytes: of the body
  kResponseBytes,        // response.bytes: of the body
  kResponseStatus,       // response.status
  kAttempts,             // attempts
  kRequestId,            // request.id
  kRequestMethod,        // request.method
  kRequestScheme,        // request.scheme
  kRequestAuthority,     // request.authority: host and port, as sent
  kRequestHost,          // request.host
  kRequestPath,          // request.path
  kRequestQuery,         // request.query
  kRequestProtocol,      // request.protocol: HTTP/1.1
  kClientAddress,        // client.address
  kClientIdentity,       // client.identity: of its certificate, "spiffe://..."
  kOriginalDestination,  // client.original_destination
  kListenerName,         // listener.name
  kRouteName,            // route.name
  kUpstreamName,         // upstream.name
  kUpstreamEndpoint,     // upstream.endpoint
  kUpstreamIdentity,     // upstream.identity
  kReason,               // reason
  kReasonDetail,         // reason.detail: a longer explanation
  kGrpcStatus,           // grpc.status: a number
  kAuthzShadow,          // authz.shadow: what policies in shadow mode would decide
  kTraceId,              // trace.id
  kRequestHeader,        // request.header.NAME
  kResponseHeader,       // response.header.NAME
};

struct FieldUse {
  Field field = Field::kTime;
  http::HeaderId header_id = http::HeaderId::kOther;
  std::string header;  // the name, for the last two

  friend bool operator==(const FieldUse&, const FieldUse&) = default;
};

// The field with a name such as "request.header.user-agent". nullopt, with the reason in `why`, if
// there is none, or if it is a header with credentials, which are never logged.
std::optional<FieldUse> fieldNamed(std::string_view name, std::string& why);

// The name that fieldNamed() accepts.
std::string nameOf(const FieldUse& use);
// The key of the field in JSON: "request_header_user_agent".
std::string jsonKey(const FieldUse& use);

// The fields of a line in JSON unless the configuration names others.
std::vector<FieldUse> defaultFields();
// All names except those of headers, for the documentation of the configuration.
std::vector<std::string_view> fieldNames();

// What is replaced in queries.
enum class Redaction : std::uint8_t { kNone, kSecrets, kQuery };

// A field for the documentation; "request.header.NAME" stands for all headers.
struct FieldText {
  std::string name;
  std::string_view meaning;
  bool by_default;
};
std::vector<FieldText> describeFields();

bool isText(Field field);  // in JSON a string, otherwise a number
// Writes `before` and the value of a field. Writes nothing and returns false if the exchange has
// none.
bool writeField(const FieldUse& use, const http::ExchangeRecord& record, Redaction redaction,
                std::string_view before, Line& line);

}  // namespace weir::access_log
