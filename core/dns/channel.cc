#include "core/dns/channel.h"

#include <algorithm>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>

#include <ares.h>

#include "core/dns/failure.h"
#include "core/dns/srv_message.h"

namespace weir::dns {
namespace {

constexpr int kClassIn = 1;

IpAddress ipOf(const ares_addrinfo_node& node) {
  sockaddr_storage storage{};
  std::memcpy(&storage, node.ai_addr, std::min<std::size_t>(node.ai_addrlen, sizeof storage));
  return net::Address::fromSocket(storage).ip();
}

struct FreeAddresses {
  void operator()(ares_addrinfo* list) const { ares_freeaddrinfo(list); }
};

Addresses addressesOf(const ares_addrinfo& list) {
  Addresses answer;
  int ttl = list.nodes == nullptr ? 0 : list.nodes->ai_ttl;
  for (const auto* node = list.nodes; node != nullptr; node = node->ai_next) {
    const IpAddress ip = ipOf(*node);
    ttl = std::min(ttl, node->ai_ttl);
    const bool known = std::find(answer.ips.begin(), answer.ips.end(), ip) != answer.ips.end();
    if (!known) answer.ips.push_back(ip);
  }
  for (const auto* alias = list.cnames; alias != nullptr; alias = alias->next) {
    ttl = std::min(ttl, alias->ttl);
  }
  if (ttl > 0) answer.ttl = std::chrono::seconds(ttl);
  std::stable_partition(answer.ips.begin(), answer.ips.end(),
                        [](const IpAddress& ip) { return ip.isV4(); });
  return answer;
}

Result<Addresses> answerOf(int status, ares_addrinfo* list) {
  const std::unique_ptr<ares_addrinfo, FreeAddresses> owner(list);
  if (status != ARES_SUCCESS) return errorOf(status);
  Addresses addresses = addressesOf(*list);
  if (addresses.ips.empty()) return errorOf(ARES_ENODATA);
  return addresses;
}

int socketFamily(Family family) {
  if (family == Family::kAll) return AF_UNSPEC;
  return family == Family::kIpv4 ? AF_INET : AF_INET6;
}

}  // namespace

// A query in progress, owned by c-ares.
template <typename OnDone>
struct Channel::Question {
  Channel* channel;
  OnDone on_done;

  // The callback of c-ares, which ends the query.
  template <typename Answer>
  static void close(void* question, const Answer& answer) {
    const std::unique_ptr<Question> owned(static_cast<Question*>(question));
    Channel& channel = *owned->channel;
    --channel.open_;
    owned->on_done(answer);
    if (channel.on_answer_) channel.on_answer_();
  }
};

Result<std::unique_ptr<Channel>> Channel::open(event::Loop& loop, const ChannelOptions& options) {
  std::unique_ptr<Channel> channel(new Channel(loop));
  const auto ready = channel->init(options);
  if (!ready.ok()) return ready.error();
  return channel;
}

Result<void> Channel::init(const ChannelOptions& options) {
  ares_options settings{};
  int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
              ARES_OPT_LOOKUPS;
  settings.flags = ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH;
  settings.timeout = static_cast<int>(options.attempt_timeout.count());
  settings.tries = static_cast<int>(options.attempts);
  std::string lookups = options.hosts_file ? "f" : "b";
  settings.lookups = lookups.data();
  settings.sock_state_cb_data = this;
  settings.sock_state_cb = [](void* channel, ares_socket_t descriptor, int reads, int writes) {
    static_cast<Channel*>(channel)->onSocketState(descriptor, reads != 0, writes != 0);
  };
  std::string path = options.resolv_conf;
  settings.resolvconf_path = path.data();
  if (!path.empty()) given |= ARES_OPT_RESOLVCONF;
#ifdef ARES_OPT_QUERY_CACHE
  given |= ARES_OPT_QUERY_CACHE;  // no cache: a repeated query is meant to reach the server
  settings.qcache_max_ttl = 0;
#endif
  int status = ares_init_options(&channel_, &settings, given);
  if (status == ARES_SUCCESS && !options.servers.empty()) {
    status = ares_set_servers_ports_csv(channel_, options.servers.c_str());
  }
  if (status != ARES_SUCCESS) return errorOf(status);
  return {};
}

Channel::~Channel() {
  if (channel_ != nullptr) ares_destroy(channel_);  // completes all queries with kCancelled
}

void Channel::askAddresses(const std::string& name, Family family, OnAddresses on_done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = socketFamily(family);
  hints.ai_socktype = SOCK_STREAM;  // otherwise each address is returned once per socket type
  hints.ai_flags = ARES_AI_NOSORT;  // sorting opens sockets
  ++open_;
  ares_getaddrinfo(
      channel_, name.c_str(), nullptr, &hints,
      [](void* question, int status, int, ares_addrinfo* list) {
        Question<OnAddresses>::close(question, answerOf(status, list));
      },
      new Question<OnAddresses>{this, std::move(on_done)});
  planTimer();
}

void Channel::askServices(const std::string& name, OnServices on_done) {
  ++open_;
  ares_query(
      channel_, name.c_str(), kClassIn, kSrvType,
      [](void* question, int status, int, unsigned char* message, int length) {
        const auto answer = status != ARES_SUCCESS
                                ? Result<Services>(errorOf(status))
                                : parseSrvMessage({message, static_cast<std::size_t>(length)});
        Question<OnServices>::close(question, answer);
      },
      new Question<OnServices>{this, std::move(on_done)});
  planTimer();
}

void Channel::onSocketState(int descriptor, bool reading, bool writing) {
  if (!reading && !writing) {
    sockets_.erase(descriptor);
    return;
  }
  auto& socket = sockets_[descriptor];
  if (socket == nullptr) {
    auto opened = event::DescriptorWatch::open(
        loop_, descriptor, [this, descriptor](bool readable, bool writable) {
          process(readable ? descriptor : ARES_SOCKET_BAD, writable ? descriptor : ARES_SOCKET_BAD);
        });
    if (!opened.ok()) {  // the query fails when it times out
      sockets_.erase(descriptor);
      return;
    }
    socket = std::move(opened.value());
  }
  socket->watch(reading, writing);
}

void Channel::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  planTimer();
}

void Channel::onTimer() { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Channel::planTimer() {
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return timer_.disarm();
  // Rounded up, so that the timeout of c-ares has passed by then.
  timer_.arm(std::chrono::seconds(wait.tv_sec) + Milliseconds(wait.tv_usec / 1000 + 1));
}

}  // namespace weir::dns
