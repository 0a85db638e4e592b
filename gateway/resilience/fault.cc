#include "gateway/resilience/fault.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace weir::gateway {
namespace {

// A number from 0 up to 1 that follows from the request id and the kind of fault (FNV-1a, and the
// finalizer of SplitMix64).
double shareOf(std::string_view request_id, std::uint64_t kind) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ kind;
  for (const char c : request_id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111eb;
  hash ^= hash >> 31U;
  return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

constexpr std::uint64_t kDelayed = 1;
constexpr std::uint64_t kAborted = 2;
constexpr std::uint64_t kLength = 3;  // of an exponential delay

Milliseconds lengthOf(const Fault::Delay& delay, std::string_view request_id) {
  if (delay.fixed) return *delay.fixed;
  const double mean = static_cast<double>(delay.exponential->count());
  const double drawn = -std::log(1.0 - shareOf(request_id, kLength)) * mean;
  return Milliseconds(static_cast<std::int64_t>(drawn));
}

}  // namespace

void Fault::Delay::read(config::Table& table, Delay& out) {
  const config::Limits limits{.min = Milliseconds(1), .max = filter::Verdict::kLongestWait};
  table.read("fixed", out.fixed, "Length of every delay.", limits);
  table.read("exponential", out.exponential,
             "Mean length of delays that are distributed exponentially.", limits);
  table.read("percent", out.percent, "Share of the requests that are delayed.",
             {.min = 0, .max = 100});
  table.exactlyOneOf({"fixed", "exponential"});
}

void Fault::Abort::read(config::Table& table, Abort& out) {
  table.read("status", out.status,
             "Status of the local reply. gRPC clients receive the gRPC status that belongs to it.",
             {.min = 400, .max = 599});
  table.read("grpc_status", out.grpc_status,
             "gRPC status of the local reply. Other clients receive 503.", {.min = 1, .max = 16});
  table.read("percent", out.percent, "Share of the requests that are aborted.",
             {.min = 0, .max = 100});
  table.exactlyOneOf({"status", "grpc_status"});
}

void Fault::Config::read(config::Table& table, Config& out) {
  table.read("delay", out.delay, "Delay before the request is forwarded or aborted.");
  table.read("abort", out.abort, "Local reply instead of forwarding the request.");
  table.read("headers", out.headers,
             "Header fields and their values. Only requests that have all of them meet faults.");
  table.read("until", out.until,
             "End of the faults, in UTC, such as `2027-01-31T18:00:00Z`, so that they are not "
             "forgotten. Default: none.");
  table.read("max_active", out.max_active,
             "Maximum number of requests that are delayed at the same time on each worker. Further "
             "requests are not delayed.",
             {.min = 1});
  table.read("header_control", out.header_control,
             "Whether trusted peers (`trusted_proxies` of the listener) may ask for a fault in "
             "headers, instead of the one configured: `X-Weir-Fault-Delay: 200ms` and "
             "`X-Weir-Fault-Abort: 503`, each with `-Percent`, which can only lower the share of "
             "the configuration; and the headers of Envoy for delays and aborts.");
  if (out.until) {
    out.end = UtcTime::parse(*out.until);
    if (!out.end) table.fail("until", "is not a time such as 2027-01-31T18:00:00Z");
  }
}

bool Fault::applies(const http::Request& request) const {
  if (config_.end && wallClockNow() >= config_.end->since_epoch) return false;
  return std::all_of(config_.headers.begin(), config_.headers.end(), [&](const auto& wanted) {
    return request.headers.joined(wanted.first) == wanted.second;
  });
}

filter::Verdict Fault::onRequest(http::Request& request) {
  FaultWishes wishes;
  if (config_.header_control && control_.record().trusted_peer) {
    wishes = takeFaultHeaders(request.headers);
  }
  if (!applies(request)) return filter::Verdict::proceed();
  const std::string_view id =
      request.headers.get(http::HeaderId::kXRequestId).value_or(std::string_view());
  chooseAbort(wishes, id);
  const auto delay = chooseDelay(wishes, id);
  if (delay && local_.active < config_.max_active) {
    delays_ = true;
    ++local_.active;
    count(FaultKind::kDelay);
    return filter::Verdict::wait(*delay, Reason::kFaultDelay);
  }
  return aborts_ ? abort() : filter::Verdict::proceed();
}

std::optional<Milliseconds> Fault::chooseDelay(const FaultWishes& wishes,
                                               std::string_view id) const {
  if (!wishes.delay && !config_.delay) return std::nullopt;
  const double share = config_.delay ? config_.delay->percent.fraction() : 1;
  if (shareOf(id, kDelayed) >= share * wishes.delay_share) return std::nullopt;
  return wishes.delay ? *wishes.delay : lengthOf(*config_.delay, id);
}

void Fault::chooseAbort(const FaultWishes& wishes, std::string_view id) {
  const bool wished = wishes.status || wishes.grpc_status;
  if (!wished && !config_.abort) return;
  const double share = config_.abort ? config_.abort->percent.fraction() : 1;
  if (shareOf(id, kAborted) >= share * wishes.abort_share) return;
  aborts_ = true;
  status_ = wished ? wishes.status : config_.abort->status;
  grpc_status_ = wished ? wishes.grpc_status : config_.abort->grpc_status;
}

void Fault::count(FaultKind kind) const {
  local_.metrics.counter(faultsInjectedKey(control_.route(), kind)).add();
}

void Fault::endDelay() {
  if (std::exchange(delays_, false)) --local_.active;
}

filter::Verdict Fault::onWaitExpired(filter::Side, Reason) {
  endDelay();
  return aborts_ ? abort() : filter::Verdict::proceed();
}

filter::Verdict Fault::abort() const {
  count(FaultKind::kAbort);
  filter::LocalReply reply{.status = status_.value_or(503),
                           .reason = Reason::kFaultAbort,
                           .detail = "the filter fault aborts the request"};
  reply.grpc_status = grpc_status_;
  return filter::Verdict::reply(reply);
}

}  // namespace weir::gateway
