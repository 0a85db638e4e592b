#include "observability/admin/health_service.h"

#include <cstdint>
#include <optional>

namespace weir::admin {
namespace {

// Status codes of gRPC.
constexpr int kOk = 0;
constexpr int kNotFound = 5;
constexpr int kInternal = 13;

constexpr std::size_t kFrameHeader = 5;  // of a message: a flag for compression, and the length

// The only message of a body; nullopt if it is compressed or not the only one.
std::optional<std::string_view> messageOf(std::string_view body) {
  if (body.size() < kFrameHeader || body.front() != '\0') return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFrameHeader; ++i) {
    size = size << 8U | static_cast<unsigned char>(body[i]);
  }
  body.remove_prefix(kFrameHeader);
  return size == body.size() ? std::optional(body) : std::nullopt;
}

std::optional<std::uint64_t> takeVarint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

// HealthCheckRequest has one field, number 1, a string. nullopt if the message is malformed.
std::optional<std::string_view> serviceOf(std::string_view message) {
  constexpr std::uint64_t kService = 1U << 3U | 2U;  // field number, and type "with a length"
  std::string_view service;
  while (!message.empty()) {
    if (takeVarint(message) != kService) return std::nullopt;
    const auto size = takeVarint(message);
    if (!size || *size > message.size()) return std::nullopt;
    service = message.substr(0, *size);
    message.remove_prefix(*size);
  }
  return service;
}

PageReply failure(int status) { return {.content_type = kGrpc, .body = {}, .grpc_status = status}; }

// HealthCheckResponse has one field, number 1: 1 for SERVING, 2 for NOT_SERVING.
PageReply answer(bool serving) {
  std::string message("\0\0\0\0\x02\x08\x02", 7);
  if (serving) message.back() = '\x01';
  return {.content_type = kGrpc, .body = message, .grpc_status = kOk};
}

}  // namespace

PageReply checkHealth(std::string_view body, const Health& health) {
  const auto message = messageOf(body);
  const auto service = message ? serviceOf(*message) : std::nullopt;
  if (!service) return failure(kInternal);
  if (service->empty() || *service == "readiness") return answer(health.live && health.ready);
  if (*service == "liveness") return answer(health.live);
  return failure(kNotFound);
}

}  // namespace weir::admin
