#include "mesh/identity/workload_client.h"

#include <algorithm>
#include <utility>

#include "core/base/plain_text.h"
#include "core/tls/digest.h"

namespace weir::mesh::workload {
namespace {

constexpr std::size_t kMostReason = 300;

std::string textOf(const http::GrpcStatus& status) {
  std::string text = printable(status.message, kMostReason);
  if (text.empty()) text = "it ended the stream";
  return text + " (gRPC status " + std::to_string(static_cast<unsigned>(status.code)) + ")";
}

}  // namespace

WorkloadClient::WorkloadClient(http::Client& client, SvidChoice choice, Events& events)
    : client_(client),
      choice_(std::move(choice)),
      events_(events),
      time_(client.loop().wheel(), *this),
      stale_(client.loop().wheel(), *this) {}

WorkloadClient::~WorkloadClient() = default;

void WorkloadClient::start() {
  time_.disarm();
  heard_ = false;
  http::GrpcEvents& events = *this;
  stream_ = std::make_unique<http::GrpcCall>(
      client_, NameId{},
      http::GrpcRequest{.method = "/SpiffeWorkloadAPI/FetchX509SVID",
                        .authority = "localhost",
                        .metadata = {{"workload.spiffe.io", "true"}},
                        .message = Bytes{}},
      http::GrpcOptions{
          .deadline = Milliseconds(0), .max_message = kMostMessage, .purpose = "spiffe"},
      events);
}

void WorkloadClient::onMessage(Bytes message) {
  heard_ = true;
  failures_ = 0;
  if (tls::sha256(message) == digest_) {
    trouble_.clear();
    return;
  }
  std::string why;
  const auto response = readSvidResponse(asText(message), why);
  if (response) return take(*response, asText(message));
  tell("a message is discarded: it " + why);
}

void WorkloadClient::take(const SvidResponse& response, std::string_view message) {
  const Svid* const chosen = choose(response, choice_);
  if (chosen == nullptr) return withdraw("it does not list the configured id or hint");
  std::string why;
  auto identity = identityOf(response, *chosen, why);
  if (identity == nullptr) return tell("a message is discarded: " + why);
  trouble_.clear();
  digest_ = tls::sha256(asBytes(message));
  holds_ = true;
  watchAge(*identity->certificate);
  events_.onIdentity(std::move(identity), message);
}

void WorkloadClient::withdraw(std::string_view why) {
  digest_.clear();
  stale_.disarm();
  const bool held = std::exchange(holds_, false);
  tell(std::string(held ? "the identity is withdrawn: " : "there is no identity: ").append(why));
  if (held) events_.onWithdrawn();
}

void WorkloadClient::onEnd(const http::GrpcStatus& status) {
  stream_ = nullptr;
  const std::string text = textOf(status);
  if (status.code == http::GrpcCode::kInvalidArgument) {
    return tell("it does not understand the request, which is not repeated: " + text);
  }
  if (status.code == http::GrpcCode::kPermissionDenied && heard_) {
    withdraw(text);
  } else {
    tell(text);
  }
  retry();
}

// At once after a stream that worked, then after pauses.
void WorkloadClient::retry() {
  if (std::exchange(heard_, false)) return time_.arm(Milliseconds(0));
  const Milliseconds half = upstream::backoffLimit(kBackoff, failures_++) / 2;
  const auto more = random_.below(static_cast<std::uint64_t>(half.count()));
  time_.arm(half + Milliseconds(static_cast<std::int64_t>(more)));
}

void WorkloadClient::onTime() { start(); }

void WorkloadClient::watchAge(const tls::Certificate& certificate) {
  const auto life = std::chrono::duration<double>(certificate.notAfter() - certificate.notBefore());
  const auto at =
      certificate.notBefore() + std::chrono::duration_cast<Nanoseconds>(life * kStaleAt);
  const auto left = std::chrono::duration_cast<Milliseconds>(at - wallClockNow());
  stale_.arm(std::max(left, kShortestStale));
}

void WorkloadClient::onStale() {
  stale_.arm(kShortestStale);
  if (stream_ == nullptr) return;  // it is about to begin again
  tell("the identity was not renewed in time: a new stream begins");
  start();
}

void WorkloadClient::tell(std::string why) {
  const bool repeated = why == trouble_;
  trouble_ = std::move(why);
  events_.onTrouble(trouble_, repeated);
}

}  // namespace weir::mesh::workload
