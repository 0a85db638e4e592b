#include "observability/otlp/exchange_attributes.h"

#include "core/base/number.h"
#include "observability/text/secrets.h"

namespace weir::otlp {

using http::ExchangeRecord;

std::string_view methodText(const ExchangeRecord& record) {
  return record.method == http::Method::kOther ? "_OTHER" : http::toString(record.method);
}

void writeMethod(RecordWriter& to, const ExchangeRecord& record) {
  to.attribute("http.request.method", methodText(record));
  if (record.method == http::Method::kOther) {
    to.attribute("http.request.method_original", record.method_text);
  }
}

void writeAuthority(RecordWriter& to, std::string_view authority) {
  to.attribute("server.address", http::hostOf(authority));
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return;
  const auto port = parseNumber<std::uint16_t>(authority.substr(colon + 1));
  if (port) to.attribute("server.port", std::uint64_t{*port});
}

void writeExchange(RecordWriter& to, const ExchangeRecord& record, Arena& arena) {
  if (record.transport.empty()) {
    writeMethod(to, record);
    constexpr std::string_view kProtocol = "HTTP/";
    to.attribute("network.protocol.version",
                 http::toString(record.version).substr(kProtocol.size()));
  }
  to.attribute("url.scheme", record.scheme);
  to.attribute("url.path", record.path);
  to.attribute("url.query", redactedQuery(record.query, arena));
  to.attribute("http.route", record.route);
  if (record.status != 0) {
    to.attribute("http.response.status_code", static_cast<std::uint64_t>(record.status));
  }
  writeAuthority(to, record.authority);
  to.attribute("client.address", record.client_address);
  if (record.request_headers != nullptr) {
    to.attribute("user_agent.original",
                 record.request_headers->get(http::HeaderId::kUserAgent).value_or(""));
  }
  to.attribute("weir.listener", record.listener);
  to.attribute("weir.upstream", record.upstream);
  to.attribute("weir.request_id", record.request_id);
  to.attribute("weir.reason", toString(record.reason));
  if (record.attempts > 1) to.attribute("weir.attempts", std::uint64_t{record.attempts});
}

}  // namespace weir::otlp
