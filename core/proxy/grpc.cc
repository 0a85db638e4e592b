#include "core/proxy/grpc.h"

#include <charconv>

#include "core/base/number.h"
#include "core/proxy/metrics.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kMostDigits = 8;  // of a grpc-timeout

// Percent-encodes a grpc-message. The result is in `arena`.
std::string_view encoded(std::string_view message, Arena& arena) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  char* const text = arena.allocate(3 * message.size());
  char* to = text;
  for (const char c : message) {
    if (c >= ' ' && c <= '~' && c != '%') {
      *to++ = c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    *to++ = '%';
    *to++ = kDigits[byte >> 4U];
    *to++ = kDigits[byte & 15U];
  }
  return {text, static_cast<std::size_t>(to - text)};
}

std::optional<Nanoseconds> unitOf(char letter) {
  switch (letter) {
    case 'H':
      return std::chrono::hours(1);
    case 'M':
      return std::chrono::minutes(1);
    case 'S':
      return std::chrono::seconds(1);
    case 'm':
      return std::chrono::milliseconds(1);
    case 'u':
      return std::chrono::microseconds(1);
    case 'n':
      return std::chrono::nanoseconds(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool isGrpc(const http::Request& request) {
  constexpr std::string_view kType = "application/grpc";
  if (!request.headers.mayHave(http::HeaderId::kContentType)) return false;
  const auto type = request.headers.get(http::HeaderId::kContentType);
  if (!type || !http::equalsIgnoringCase(type->substr(0, kType.size()), kType)) return false;
  // A request for a tunnel is not a call: status 200 for a failed one would mean that it is open.
  if (!request.upgrade.empty() || request.method == http::Method::kConnect) return false;
  return type->size() == kType.size() || (*type)[kType.size()] == '+' ||
         (*type)[kType.size()] == ';';
}

std::optional<Milliseconds> grpcTimeout(const http::Request& request) {
  const auto text = request.headers.get("grpc-timeout");
  if (!text || text->size() < 2 || text->size() > kMostDigits + 1) return std::nullopt;
  const auto amount = parseNumber<std::int64_t>(text->substr(0, text->size() - 1));
  const auto unit = unitOf(text->back());
  if (!amount || !unit) return std::nullopt;
  // 99,999,999 hours do not fit into nanoseconds; more than a year counts as no limit.
  constexpr Milliseconds kForever = std::chrono::hours(24 * 365);
  if (*amount > kForever / *unit) return std::nullopt;
  return std::chrono::ceil<Milliseconds>(*amount * *unit);
}

std::string_view grpcStatus(const http::Response& response) {
  constexpr std::string_view kName = "grpc-status";
  const auto in_trailers = response.trailers.get(kName);
  return in_trailers ? *in_trailers : response.headers.get(kName).value_or(std::string_view());
}

std::optional<int> sentGrpcCode(const http::Response& response) {
  const std::string_view text = grpcStatus(response);
  if (text.empty()) return std::nullopt;
  return parseNumber<int>(text).value_or(-1);
}

unsigned grpcCode(std::string_view status) {
  if (status.empty()) return kNoGrpcCode;
  const auto code = parseNumber<unsigned>(status);
  return code && *code < kOtherGrpcCode ? *code : kOtherGrpcCode;
}

void writeGrpcFailure(http::Response& response, int status, std::string_view message) {
  Arena& arena = response.headers.arena();
  response.status = 200;
  response.headers.set(http::HeaderId::kContentType, "application/grpc");
  char* const code = arena.allocate(2);
  const char* const end = std::to_chars(code, code + 2, status).ptr;
  response.headers.add("grpc-status", {code, static_cast<std::size_t>(end - code)});
  response.headers.add("grpc-message", encoded(message, arena));
}

}  // namespace weir::proxy
