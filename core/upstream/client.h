#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/base/linked.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "core/net/dialer.h"
#include "core/upstream/client_call.h"
#include "core/upstream/cluster.h"

namespace weir::upstream {

// weir's own client: calls and connections to the upstreams of the plan over the clusters of one
// loop. Requests share connections, limits, retry budgets and metrics with those that are
// forwarded.
class Client final : public http::Client, public net::Dialer {
 public:
  static constexpr std::size_t kMostCalls = 16 * 1024;

  struct Tools {
    event::Loop& loop;
    // The cluster of the current plan; null if there is none of this name.
    std::function<Cluster*(NameId)> find;
  };
  explicit Client(Tools tools) : tools_(std::move(tools)) {}
  ~Client() override;  // ends the calls that remain, without an event
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  event::Loop& loop() override { return tools_.loop; }
  // Fails with kExhausted if there are kMostCalls already.
  std::unique_ptr<http::Call> call(NameId upstream, const http::CallRequest& request,
                                   const http::CallOptions& options,
                                   http::CallEvents& events) override;
  Result<std::unique_ptr<net::Stream>> dial(NameId upstream) override {
    return dial(upstream, nullptr);
  }
  Result<std::unique_ptr<net::Stream>> dial(NameId upstream, const net::Address& to) override {
    return dial(upstream, &to);
  }
  std::size_t endpoints(NameId upstream) override {
    const Cluster* const cluster = tools_.find(upstream);
    return cluster == nullptr ? 0 : cluster->endpointCount();
  }
  std::size_t calls() const { return calls_.size(); }  // in progress

 private:
  class Handle;

  Result<std::unique_ptr<net::Stream>> dial(NameId upstream, const net::Address* to);

  const Tools tools_;
  LinkedList<ClientCall> calls_;
};

}  // namespace weir::upstream
