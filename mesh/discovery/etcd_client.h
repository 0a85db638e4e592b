#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/names.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/http/grpc_call.h"
#include "mesh/discovery/etcd_messages.h"
#include "mesh/discovery/etcd_session.h"

namespace weir::mesh::etcd {

// Follows the keys below a prefix: lists them, watches them from then on, and starts again after
// the end of the watch, at the latest after kLongestWatch. Reports what it knows after the list and
// after each change.
class PrefixClient final : private http::GrpcEvents {
 public:
  static constexpr std::int64_t kPage = 1'000;           // keys
  static constexpr std::size_t kMostBytes = 64_MiB;      // of all keys and values
  static constexpr Milliseconds kCreateTimeout{10'000};  // of a watch
  static constexpr Milliseconds kLongestWatch{600'000};

  using Values = std::map<std::string, std::string, std::less<>>;
  class Events {
   public:
    virtual ~Events() = default;
    virtual void onValues(const Values& values) = 0;
    // The client is idle until the next start().
    virtual void onFailed(std::string_view why) = 0;
  };

  PrefixClient(http::Client& client, Session::Options options, std::string prefix, Events& events);
  ~PrefixClient() override;

  void start();  // lists; what it did before ends

 private:
  void list();
  void listPage();
  void onPage(const http::GrpcReply& reply);
  void watch();
  // http::GrpcEvents of the watch
  void onMessage(Bytes message) override;
  void onEnd(const http::GrpcStatus& status) override;
  void onWatched(etcd::WatchResponse& response);
  void apply(etcd::WatchEvent& event);
  void onTime();
  void fail(const http::GrpcStatus& status);
  void fail(std::string_view why);

  http::Client& client_;
  Session session_;
  const std::string prefix_;
  const std::string end_;  // of the range of keys
  Events& events_;
  Values listing_;  // the pages so far
  Values values_;
  std::size_t bytes_ = 0;
  std::int64_t revision_ = 0;  // of values_, or of the pages
  bool created_ = false;       // the watch
  Random random_;
  event::Alarm<PrefixClient, &PrefixClient::onTime> time_;
  std::unique_ptr<http::GrpcCall> watch_;
};

}  // namespace weir::mesh::etcd
