#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/redis/client.h"
#include "core/redis/command.h"
#include "core/redis/reply.h"

namespace weir::redis {

class Servers;

// One run of a script at the server that has its keys.
class Evaluation : private Waiter {
 public:
  Evaluation() = default;
  // A script of its own instead of that of the servers. Static.
  explicit Evaluation(std::string_view script) : script_(script) {}
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  virtual void onResult(const Reply& reply) = 0;  // perhaps an error
  virtual void onNoResult() = 0;                  // the server may have run the script

 private:
  friend class Servers;
  void onReply(const Reply& reply) final;
  void onNoReply() final;

  const std::string_view script_;
  Servers* servers_ = nullptr;
  Client* client_ = nullptr;  // null: nothing will follow
  Words words_;
  unsigned repeats_ = 0;
  bool by_text_ = false;
  bool asking_ = false;  // the server has the keys, but not yet their slot
};

// The servers that hold the keys: one, a primary with replicas that Sentinel watches, or a Cluster.
// Those that are away are connected again without an end, and nobody waits for them meanwhile.
//
// Thread: that of the loop.
class Servers {
 public:
  using Options = Client::Options;  // `upstream`: of the server, the sentinels or the cluster
  // How a primary is found by Sentinel.
  struct Sentinel {
    std::string primary;  // as the sentinels call it
    std::string user;
    std::string password;
  };
  static std::unique_ptr<Servers> single(const Options& options, const Client::Tools& tools);
  static std::unique_ptr<Servers> bySentinel(const Options& options, const Sentinel& sentinel,
                                             const Client::Tools& tools);
  static std::unique_ptr<Servers> ofCluster(const Options& options, const Client::Tools& tools);

  virtual ~Servers() = default;

  // Whether the server that has the key accepts commands.
  bool accepts(std::string_view key) { return find(key) != nullptr; }
  // Runs the script. `words` are the number of keys, which is not 0, the keys and the arguments;
  // they are valid until the result. All keys are in one slot. onResult or onNoResult follows,
  // never from within the call. False, and nothing follows: no server accepts it at present.
  bool evaluate(Words words, Evaluation& evaluation);
  // Nothing follows any more. No effect if nothing would. The script may run nevertheless.
  static void cancel(Evaluation& evaluation);

 private:
  friend class Evaluation;
  static constexpr unsigned kMostRepeats = 5;

  // The client of the server that has the key; null: it is not known or accepts nothing.
  virtual Client* find(std::string_view key) = 0;
  // Learns from an error. Returns the client of the server to which it refers; null: none.
  virtual Client* follow(const Reply&) { return nullptr; }
  bool repeat(Evaluation& evaluation, const Reply& reply);
  static void send(Evaluation& evaluation);
};

}  // namespace weir::redis
