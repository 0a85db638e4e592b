#include "tests/support/memory_connector.h"

namespace weir::test {

MemoryConnector::Outcome MemoryConnector::outcomeFor(const net::Address& to) const {
  const auto found = outcomes_.find(to);
  return found == outcomes_.end() ? outcome_ : found->second;
}

Result<std::unique_ptr<net::Stream>> MemoryConnector::connect(const net::Address& to) {
  attempts_.push_back(to);
  const Outcome outcome = outcomeFor(to);
  if (outcome == Outcome::kFails) {
    return Error{ErrorCode::kExhausted, Origin::kLocal, "no sockets left"};
  }
  auto [ours, peer] = MemoryStream::makePair(loop_);
  ours->state_ = MemoryStream::State::kConnecting;
  ours->setReading(true);
  if (not_after_) ours->secure(*not_after_);
  switch (outcome) {
    case Outcome::kRefuses:
      ours->fail(ErrorCode::kRefused);
      break;
    case Outcome::kUnreachable:
      ours->fail(ErrorCode::kUnreachable);
      break;
    case Outcome::kHangs:
      hanging_.push_back({std::move(peer), to});
      break;
    default:
      ours->finishConnecting();
      on_connect_(std::move(peer), to);
  }
  return std::unique_ptr<net::Stream>(std::move(ours));
}

void MemoryConnector::finishHanging() {
  auto hanging = std::move(hanging_);
  hanging_.clear();
  for (Hanging& each : hanging) {
    if (each.peer->peerGone()) continue;
    each.peer->peer_->finishConnecting();
    on_connect_(std::move(each.peer), each.to);
  }
}

}  // namespace weir::test
