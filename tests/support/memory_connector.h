#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/net/connector.h"
#include "tests/support/memory_stream.h"

namespace weir::test {

// A Connector whose connections lead to the test.
class MemoryConnector final : public net::Connector {
 public:
  enum class Outcome {
    kConnects,
    kRefuses,      // onBroken(kRefused) at the end of the turn
    kUnreachable,  // onBroken(kUnreachable) at the end of the turn
    kHangs,        // neither, until finishHanging() is called
    kFails,        // connect() itself fails: no sockets left
  };
  // Receives the other end of each connection; it may set up reading and write at once.
  using OnConnect = std::function<void(std::unique_ptr<MemoryStream> peer, const net::Address& to)>;

  MemoryConnector(event::Loop& loop, OnConnect on_connect)
      : loop_(loop), on_connect_(std::move(on_connect)) {}

  Result<std::unique_ptr<net::Stream>> connect(const net::Address& to) override;

  void setOutcome(Outcome outcome) { outcome_ = outcome; }  // for all other addresses
  void setOutcome(const net::Address& to, Outcome outcome) { outcomes_[to] = outcome; }
  void finishHanging();  // connects those that hang and still exist
  // Peers of later connections present a certificate that expires at `not_after`.
  void showCertificate(Nanoseconds not_after) { not_after_ = not_after; }
  const std::vector<net::Address>& attempts() const { return attempts_; }

 private:
  Outcome outcomeFor(const net::Address& to) const;

  event::Loop& loop_;
  const OnConnect on_connect_;
  Outcome outcome_ = Outcome::kConnects;
  std::map<net::Address, Outcome> outcomes_;
  std::optional<Nanoseconds> not_after_;
  std::vector<net::Address> attempts_;
  struct Hanging {
    std::unique_ptr<MemoryStream> peer;
    net::Address to;
  };
  std::vector<Hanging> hanging_;
};

}  // namespace weir::test
