#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/event/loop.h"
#include "core/net/stream.h"
#include "mesh/health/probe.h"

namespace weir::mesh::health {

// Connects, sends the configured bytes, and compares the answer with the expected one.
class TcpProbe final : public Probe, private net::StreamEvents, private event::TurnEnd {
 public:
  TcpProbe(event::Loop& loop, const upstream::TcpCheckOptions& options, OnProbed done);
  ~TcpProbe() override;

  void start(OneEndpoint& endpoint, Milliseconds timeout);

 private:
  void onConnected() override;
  void onData(Bytes bytes) override;
  void onEnd() override { end({CheckResult::kReset, "the connection ended"}); }
  void onDrained() override {}
  void onBroken(Error error) override;
  void onTime() { end({CheckResult::kTimeout, "no answer in time"}); }
  // The stream must not be destroyed from within its own event: that follows at the end of the
  // turn.
  void end(ProbeOutcome outcome);
  void onTurnEnd() override;

  event::Loop& loop_;
  const upstream::TcpCheckOptions& options_;
  OnProbed done_;
  std::string received_;
  bool connected_ = false;
  std::optional<ProbeOutcome> outcome_;
  std::unique_ptr<net::Stream> stream_;
  event::Alarm<TcpProbe, &TcpProbe::onTime> deadline_;
};

}  // namespace weir::mesh::health
