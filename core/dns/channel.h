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
  std::string servers = {};      // "127.0.0.1:53,[::1]:53"; empty: those of resolv_conf
  std::string resolv_conf = {};  // path
  Milliseconds attempt_timeout{2'000};
  unsigned attempts = 1;
  bool hosts_file = false;  // looks in the hosts file instead of asking servers
};

// Asks single questions through c-ares: one name, one type, no search list.
//
// Thread: the loop's. Each question is answered exactly once, perhaps from within the call, and at
// the latest with kCancelled when the channel is destroyed.
class Channel {
 public:
  using OnAddresses = std::function<void(const Result<Addresses>&)>;
  using OnServices = std::function<void(const Result<Services>&)>;

  static Result<std::unique_ptr<Channel>> open(event::Loop& loop, const ChannelOptions& options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // The name is complete: without a final dot when it is looked for in the hosts file.
  void askAddresses(const std::string& name, Family family, OnAddresses on_done);
  void askServices(const std::string& name, OnServices on_done);
  std::size_t open() const { return open_; }  // questions without an answer
  // Called after each answer, last of all.
  void setOnAnswer(std::function<void()> on_answer) { on_answer_ = std::move(on_answer); }

 private:
  explicit Channel(event::Loop& loop) : loop_(loop), timer_(loop.wheel(), *this) {}
  Result<void> init(const ChannelOptions& options);
  void onSocketState(int descriptor, bool reading, bool writing);
  void process(int readable, int writable);
  void onTimer();
  void planTimer();

  template <typename OnDone>
  struct PageRequest;

  event::Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::unordered_map<int, std::unique_ptr<event::DescriptorWatch>> sockets_;
  event::Alarm<Channel, &Channel::onTimer> timer_;
  std::size_t open_ = 0;
  std::function<void()> on_answer_;
};

}  // namespace weir::dns
