#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/redis/cluster_map.h"
#include "core/redis/servers.h"

namespace weir::redis {
namespace {

// The primaries of a cluster. The map of the slots comes from any endpoint of the upstream, the
// scout, and is corrected by redirections. It is asked for again every few seconds, and soon after
// a sign that it is outdated.
class ClusterServers final : public Servers, private Waiter {
 public:
  ClusterServers(const Options& options, const Client::Tools& tools)
      : options_(options), tools_(tools), scout_(options_, tools), ask_(tools.loop.wheel(), *this) {
    onAsk();
  }
  ~ClusterServers() override { scout_.cancel(*this); }

 private:
  static constexpr Milliseconds kPause{5'000};
  static constexpr Milliseconds kShortPause{250};  // after a sign that the map is outdated
  static constexpr std::size_t kMostNodes = 1'000;
  // A scout whose map does not help for longer is left for another endpoint.
  static constexpr unsigned kMostInVain = 6;

  struct Node {
    Node(const net::Address& at, const Client::Options& options, const Client::Tools& tools)
        : client(options, tools, at) {}

    Client client;
    bool listed = true;
  };

  Client* find(std::string_view key) override {
    Client* const client = map_.empty() ? &scout_ : map_[slotOf(key)];
    if (client != nullptr && client->ready()) return client;
    askSoon();
    return nullptr;
  }
  Client* follow(const Reply& reply) override {
    if (!reply.isError("ASK")) askSoon();
    const auto redirection = readRedirection(reply.text());
    if (!redirection) return nullptr;
    Node* const node = nodeAt(redirection->address);
    if (node == nullptr) return nullptr;
    if (reply.isError("MOVED") && !map_.empty()) map_[redirection->slot] = &node->client;
    return &node->client;
  }

  // Null if there are too many.
  Node* nodeAt(const net::Address& address) {
    for (const auto& node : nodes_) {
      if (node->client.address() == address) return node.get();
    }
    if (nodes_.size() >= kMostNodes) return nullptr;
    return nodes_.emplace_back(std::make_unique<Node>(address, options_, tools_)).get();
  }

  void askSoon() {
    if (std::exchange(soon_, true)) return;
    ask_.arm(kShortPause);
  }
  void onAsk() {
    ask_.arm(kPause);
    const bool again = std::exchange(soon_, false);
    if (!scout_.ready()) return askSoon();
    in_vain_ = again ? in_vain_ + 1 : 0;
    if (in_vain_ > kMostInVain) {
      in_vain_ = 0;
      return scout_.moveOn();
    }
    scout_.cancel(*this);
    const std::array<std::string_view, 2> words = {"CLUSTER", "NODES"};
    scout_.send(words, *this);
  }
  void onReply(const Reply& reply) override {
    if (reply.kind() != Reply::Kind::kText) return complain(reply.text());
    const std::vector<Primary> primaries = readClusterNodes(reply.text());
    if (primaries.empty()) return complain("no server has slots");
    map_.assign(kSlots, nullptr);
    for (const auto& node : nodes_) node->listed = false;
    for (const Primary& primary : primaries) place(primary);
    // The others may still owe replies; then they are dropped the next time.
    std::erase_if(nodes_, [](const auto& node) { return !node->listed && node->client.quiet(); });
  }
  void onNoReply() override { askSoon(); }

  void place(const Primary& primary) {
    Node* const node = primary.address ? nodeAt(*primary.address) : nullptr;
    if (node == nullptr && primary.address) return;
    if (node != nullptr) node->listed = true;
    Client* const client = node != nullptr ? &node->client : &scout_;
    for (const auto& [first, last] : primary.slots) {
      std::fill(map_.begin() + first, map_.begin() + last + 1, client);
    }
  }
  void complain(std::string_view what) {
    askSoon();
    if (const auto held_back = log_limit_.admit(tools_.loop.eventTime())) {
      log::warning("redis " + options_.name + ": the map of the cluster is not known: " +
                   std::string(what) + event::LogLimit::text(*held_back));
    }
  }

  const Client::Options options_;
  const Client::Tools tools_;
  Client scout_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Client*> map_;  // by slot, null: nobody has it; empty: not known yet
  bool soon_ = false;         // the map is asked for in a moment
  unsigned in_vain_ = 0;      // questions in a row that had to be asked soon
  event::LogLimit log_limit_;
  event::Alarm<ClusterServers, &ClusterServers::onAsk> ask_;
};

}  // namespace

std::unique_ptr<Servers> Servers::ofCluster(const Options& options, const Client::Tools& tools) {
  return std::make_unique<ClusterServers>(options, tools);
}

}  // namespace weir::redis
