#pragma once

#include <string_view>

#include "core/http/record.h"
#include "observability/otlp/record_writer.h"

namespace weir::otlp {

// The method as the semantic conventions for HTTP write it: "_OTHER" stands for unknown ones.
std::string_view methodText(const http::ExchangeRecord& record);
void writeMethod(RecordWriter& to, const http::ExchangeRecord& record);
// server.address and server.port.
void writeAuthority(RecordWriter& to, std::string_view authority);
// The attributes of a request and its response, and those that only weir knows. Secrets in the
// query are replaced. `arena` is for temporary texts.
void writeExchange(RecordWriter& to, const http::ExchangeRecord& record, Arena& arena);

}  // namespace weir::otlp
