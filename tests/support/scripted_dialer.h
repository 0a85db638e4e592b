#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/net/dialer.h"
#include "tests/support/memory_stream.h"
#include "tests/support/stream_peer.h"

namespace weir::test {

// A net::Dialer that connects to servers that the test plays.
class ScriptedDialer final : public net::Dialer {
 public:
  explicit ScriptedDialer(event::Loop& loop) : loop_(loop) {}

  Result<std::unique_ptr<net::Stream>> dial(NameId) override { return connect("any"); }
  Result<std::unique_ptr<net::Stream>> dial(NameId, const net::Address& to) override {
    return connect(to.text());
  }
  std::size_t endpoints(NameId) override { return 1; }

  // The latest connection to an address, or "any" for an endpoint of the upstream; null: none.
  StreamPeer* at(const std::string& address) {
    const auto found = latest_.find(address);
    return found == latest_.end() ? nullptr : found->second;
  }

  bool away = false;
  std::vector<std::unique_ptr<StreamPeer>> servers;  // all connections

 private:
  Result<std::unique_ptr<net::Stream>> connect(const std::string& address) {
    if (away) return Error{ErrorCode::kRefused, Origin::kUpstream, "refused"};
    auto pair = MemoryStream::makePair(loop_);
    servers.push_back(std::make_unique<StreamPeer>(std::move(pair.second)));
    latest_[address] = servers.back().get();
    return std::unique_ptr<net::Stream>(std::move(pair.first));
  }

  event::Loop& loop_;
  std::map<std::string, StreamPeer*> latest_;
};

}  // namespace weir::test
