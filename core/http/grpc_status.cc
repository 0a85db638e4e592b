#include "core/http/grpc_status.h"

#include <optional>

#include "core/base/number.h"

namespace weir::http {
namespace {

constexpr std::string_view kStatus = "grpc-status";
constexpr std::string_view kMessage = "grpc-message";

GrpcStatus statusIn(const Headers& headers, std::string_view code) {
  const auto number = parseNumber<unsigned>(code);
  constexpr auto kLast = static_cast<unsigned>(GrpcCode::kUnauthenticated);
  GrpcStatus status{number && *number <= kLast ? static_cast<GrpcCode>(*number)
                                               : GrpcCode::kUnknown};
  status.message = decodedGrpcMessage(headers.get(kMessage).value_or(std::string_view()));
  return status;
}

}  // namespace

int grpcStatusFor(int http_status) {
  switch (http_status) {
    case 400:
    case 431:
      return 13;  // INTERNAL
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
      return 12;  // UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;  // UNAVAILABLE
    default:
      return 2;  // UNKNOWN
  }
}

std::string decodedGrpcMessage(std::string_view text) {
  std::string message;
  message.reserve(text.size());
  while (!text.empty()) {
    const bool escaped = text.front() == '%' && text.size() >= 3;
    const auto byte = escaped ? parseNumber<std::uint8_t>(text.substr(1, 2), 16) : std::nullopt;
    message += byte ? static_cast<char>(*byte) : text.front();
    text.remove_prefix(byte ? 3 : 1);
  }
  return message;
}

GrpcStatus grpcStatusOf(const Response& response, const Headers& trailers) {
  if (const auto code = trailers.get(kStatus)) return statusIn(trailers, *code);
  if (const auto code = response.headers.get(kStatus)) return statusIn(response.headers, *code);
  return {static_cast<GrpcCode>(grpcStatusFor(response.status)),
          "no grpc-status in a response with HTTP status " + std::to_string(response.status)};
}

}  // namespace weir::http
