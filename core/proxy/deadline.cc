#include "core/proxy/deadline.h"

#include <algorithm>

#include "core/base/arena_writer.h"
#include "core/base/number.h"
#include "core/proxy/grpc.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kOwn = "x-weir-deadline-ms";
constexpr std::string_view kEnvoy = "x-envoy-expected-rq-timeout-ms";
constexpr std::string_view kGrpc = "grpc-timeout";
constexpr Milliseconds kHop{1};
// Of a grpc-timeout, and more than a day of milliseconds.
constexpr std::int64_t kMostGrpc = 99'999'999;
constexpr std::int64_t kMost = std::int64_t{365} * 24 * 60 * 60 * 1000;

std::optional<Milliseconds> timeIn(const http::Headers& headers, std::string_view name) {
  const auto text = headers.get(name);
  const auto amount = text ? parseNumber<std::int64_t>(*text) : std::nullopt;
  if (!amount || *amount > kMost) return std::nullopt;
  return Milliseconds(*amount);
}

std::string_view grpcText(Milliseconds left, Arena& arena) {
  const bool in_seconds = left.count() > kMostGrpc;
  const std::int64_t amount = in_seconds ? std::min(left.count() / 1000, kMostGrpc) : left.count();
  ArenaWriter pen(arena, 16);
  return pen.number(static_cast<std::uint64_t>(amount)).put(in_seconds ? 'S' : 'm').text();
}

std::string_view numberText(Milliseconds left, Arena& arena) {
  ArenaWriter pen(arena, 20);
  return pen.number(static_cast<std::uint64_t>(left.count())).text();
}

}  // namespace

std::optional<Milliseconds> trustedDeadline(const http::Request& request) {
  const http::Headers& headers = request.headers;
  if (!headers.mayHave(http::HeaderId::kOther)) return std::nullopt;
  return shorterOf(timeIn(headers, kOwn), timeIn(headers, kEnvoy));
}

std::optional<Milliseconds> shorterOf(std::optional<Milliseconds> one,
                                      std::optional<Milliseconds> other) {
  if (!one) return other;
  return other ? std::min(*one, *other) : one;
}

void writeDeadline(http::Request& request, Milliseconds left) {
  http::Headers& headers = request.headers;
  const Milliseconds told = std::max(left - kHop, kHop);
  const bool grpc = isGrpc(request);
  if (grpc) {
    headers.set(kGrpc, grpcText(told, headers.arena()));
  } else {
    headers.set(kOwn, numberText(told, headers.arena()));
  }
  if (headers.find(kEnvoy) != nullptr) headers.set(kEnvoy, numberText(told, headers.arena()));
}

}  // namespace weir::proxy
