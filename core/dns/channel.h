#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.h"
#include "core/dns/answer.h"
#include "core/event/descriptor_watch.h"
#include "core/event/loop.h"

struct ares_channeldata;

namespace weir::dns {

struct ChannelOptions {
  std::string servers = {};      // "127.0.0.1:53,[::1]:53"; empty: the servers of resolv_conf
  std::string resolv_conf = {};  // path
  Milliseconds attempt_timeout{2'000};
  unsigned attempts = 1;
  bool hosts_file = false;  // look in the hosts file instead of asking servers
};

// Sends single queries through c-ares: one name, one type, no search list.
//
// Thread: the loop's. Each query is answered exactly once, possibly within the call, and at the
// latest with kCancelled when the channel is destroyed.
class Channel {
 public:
  using OnAddresses = std::function<void(const Result<Addresses>&)>;
  using OnServices = std::function<void(const Result<Services>&)>;

  static Result<std::unique_ptr<Channel>> open(event::Loop& loop, const ChannelOptions& options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // The name is complete. It has no final dot if it is looked up in the hosts file.
  void askAddresses(const std::string& name, Family family, OnAddresses on_done);
  void askServices(const std::string& name, OnServices on_done);
  std::size_t open() const { return open_; }  // queries without an answer
  // Called after each answer, once its callback has returned.
  void setOnAnswer(std::function<void()> on_answer) { on_answer_ = std::move(on_answer); }

 private:
  explicit Channel(event::Loop& loop) : loop_(loop), timer_(loop.wheel(), *this) {}
  Result<void> init(const ChannelOptions& options);
  void onSocketState(int descriptor, bool reading, bool writing);
  void process(int readable, int writable);
  void onTimer();
  void planTimer();

  template <typename OnDone>
  struct Question;

  event::Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::unordered_map<int, std::unique_ptr<event::DescriptorWatch>> sockets_;
  event::Alarm<Channel, &Channel::onTimer> timer_;
  std::size_t open_ = 0;
  std::function<void()> on_answer_;
};

}  // namespace weir::dns
