#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/http/grpc_call.h"
#include "core/upstream/backoff.h"
#include "mesh/identity/workload_messages.h"

namespace weir::mesh::workload {

// Follows this node's identity at a SPIFFE Workload API: a stream on which each message replaces
// everything before. The identity survives the end of the stream, which begins again at once and
// then after pauses.
//
// It is withdrawn if the API no longer lists it, or if it denies a stream on which it has delivered
// the identity. A denial at the beginning of a stream says only that the API does not know the
// workload yet: an agent that restarts has to learn of it again.
//
// Thread: the control thread.
class WorkloadClient final : private http::GrpcEvents {
 public:
  static constexpr upstream::Backoff kBackoff{Milliseconds(1'000), Milliseconds(30'000)};
  static constexpr std::size_t kMostMessage = 4_MiB;
  // An agent renews an identity at half of its life: one that gets this old belongs to a stream
  // that no longer works.
  static constexpr double kStaleAt = 0.8;
  static constexpr Milliseconds kShortestStale{10'000};

  class Events {
   public:
    virtual ~Events() = default;
    // `message` is the one that has delivered it; valid during the call only.
    virtual void onIdentity(std::shared_ptr<const tls::WorkloadIdentity> identity,
                            std::string_view message) = 0;
    virtual void onWithdrawn() = 0;
    // A message was discarded, or a stream has failed. `repeated`: for the same reason as before.
    virtual void onTrouble(std::string_view why, bool repeated) = 0;
  };

  // `client` sends every call to the Workload API.
  WorkloadClient(http::Client& client, SvidChoice choice, Events& events);
  ~WorkloadClient() override;
  WorkloadClient(const WorkloadClient&) = delete;
  WorkloadClient& operator=(const WorkloadClient&) = delete;

  void start();

 private:
  // http::GrpcEvents
  void onMessage(Bytes message) override;
  void onEnd(const http::GrpcStatus& status) override;

  void take(const SvidResponse& response, std::string_view message);
  void withdraw(std::string_view why);
  void retry();
  void onTime();
  void onStale();
  void watchAge(const tls::Certificate& certificate);
  void tell(std::string why);

  http::Client& client_;
  const SvidChoice choice_;
  Events& events_;
  Random random_;
  std::string digest_;   // of the message in use
  std::string trouble_;  // the latest, until a message was good
  bool heard_ = false;   // this stream has delivered a message
  bool holds_ = false;   // an identity
  unsigned failures_ = 0;
  event::Alarm<WorkloadClient, &WorkloadClient::onTime> time_;
  event::Alarm<WorkloadClient, &WorkloadClient::onStale> stale_;
  std::unique_ptr<http::GrpcCall> stream_;
};

}  // namespace weir::mesh::workload
