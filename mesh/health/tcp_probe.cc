#include "mesh/health/tcp_probe.h"

#include <utility>

namespace weir::mesh::health {
namespace {

CheckResult resultFor(const Error& error, bool connected) {
  if (error.code == ErrorCode::kTls) return CheckResult::kTls;
  if (error.code == ErrorCode::kTimeout) return CheckResult::kTimeout;
  return connected ? CheckResult::kReset : CheckResult::kConnect;
}

}  // namespace

TcpProbe::TcpProbe(event::Loop& loop, const upstream::TcpCheckOptions& options, OnProbed done)
    : loop_(loop), options_(options), done_(std::move(done)), deadline_(loop.wheel(), *this) {}

TcpProbe::~TcpProbe() { loop_.cancelTurnEnd(*this); }

void TcpProbe::start(OneEndpoint& endpoint, Milliseconds timeout) {
  deadline_.arm(timeout);
  auto dialed = endpoint.dial();
  if (!dialed.ok()) {
    return end({resultFor(dialed.error(), false), std::string(dialed.error().detail)});
  }
  stream_ = std::move(dialed.value());
  stream_->setEvents(*this);
  stream_->setReading(true);
}

void TcpProbe::onConnected() {
  connected_ = true;
  if (!options_.send.empty()) stream_->write(asBytes(options_.send));
  if (options_.expect.empty()) end({CheckResult::kSuccess, "connected"});
}

void TcpProbe::onData(Bytes bytes) {
  if (outcome_) return;
  const std::string& expected = options_.expect;
  received_ += asText(bytes).substr(0, expected.size() - received_.size());
  if (!expected.starts_with(received_)) {
    return end({CheckResult::kBody, "the answer is not the expected text"});
  }
  if (received_.size() == expected.size()) end({CheckResult::kSuccess, "connected"});
}

void TcpProbe::onBroken(Error error) {
  end({resultFor(error, connected_), std::string(error.detail)});
}

void TcpProbe::end(ProbeOutcome outcome) {
  if (outcome_) return;
  outcome_ = std::move(outcome);
  deadline_.disarm();
  loop_.atTurnEnd(*this);
}

void TcpProbe::onTurnEnd() {
  // The queued bytes are sent before the connection ends.
  if (stream_ != nullptr && connected_) stream_->flush();
  stream_ = nullptr;
  const OnProbed done = std::exchange(done_, nullptr);
  done(std::move(*outcome_));
}

}  // namespace weir::mesh::health
