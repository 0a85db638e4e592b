#include "core/dns/resolver.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sys/socket.h>
#include <sys/time.h>

#include <ares.h>

#include "core/base/check.h"
#include "core/dns/failure.h"
#include "core/dns/srv_message.h"
#include "core/net/address.h"

namespace weir::dns {
namespace {

constexpr int kClassIn = 1;
constexpr std::size_t kMaxName = 254;  // with a final dot
constexpr Error kBadName = {ErrorCode::kInvalid, Origin::kLocal, "not a host name"};
constexpr Error kBadServer = {ErrorCode::kInvalid, Origin::kLocal, "not the address of a server"};
constexpr Error kNoTime = {ErrorCode::kTimeout, Origin::kUpstream, "no answer in time"};

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

net::Ip ipOf(const ares_addrinfo_node& node) {
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
    const net::Ip ip = ipOf(*node);
    ttl = std::min(ttl, node->ai_ttl);
    const bool known = std::find(answer.ips.begin(), answer.ips.end(), ip) != answer.ips.end();
    if (!known) answer.ips.push_back(ip);
  }
  for (const auto* alias = list.cnames; alias != nullptr; alias = alias->next) {
    ttl = std::min(ttl, alias->ttl);
  }
  if (ttl > 0) answer.ttl = std::chrono::seconds(ttl);
  std::stable_partition(answer.ips.begin(), answer.ips.end(),
                        [](const net::Ip& ip) { return ip.isV4(); });
  return answer;
}

}  // namespace

// A question, from the call until neither the caller nor c-ares needs it: c-ares cannot be told to
// forget a single one.
class Resolver::Job : public event::Deadline {
 public:
  Job(Resolver& resolver, std::string_view name)
      : Deadline(resolver.loop_.wheel()), resolver_(resolver), name_(name) {}

  bool wanted() const { return ticket_ != nullptr; }
  bool withAres() const { return with_ares_; }
  void ask();
  void settle();  // looked at when the turn ends
  // Tells the caller, if it still waits for what we know.
  void tell();
  void detach();
  virtual void fail(const Error& error) = 0;

 protected:
  // c-ares has called back. False when nobody waits for the answer.
  bool answeredByAres();
  void finish();
  const char* name() const { return name_.c_str(); }
  ares_channeldata* channel() const { return resolver_.channel_; }

 private:
  friend class Resolver;
  virtual void askAres() = 0;
  virtual void callBack() = 0;
  void onDeadline() override { fail(kNoTime); }

  Resolver& resolver_;
  const std::string name_;
  Ticket* ticket_ = nullptr;  // null once told or destroyed
  bool with_ares_ = false;    // it holds a pointer to us
  bool done_ = false;         // the answer is there
  bool settled_ = false;
  std::list<std::unique_ptr<Job>>::iterator place_;  // in the resolver's list
};

class Resolver::Ticket final : public Query {
 public:
  explicit Ticket(Job& job) : job_(&job) {}
  ~Ticket() override {
    if (job_ != nullptr) job_->detach();
  }

 private:
  friend class Job;
  friend class Resolver;
  Job* job_;  // null once it told us
};

void Resolver::Job::ask() {
  with_ares_ = true;
  ++resolver_.in_flight_;
  arm(resolver_.options_.deadline);
  askAres();
}

bool Resolver::Job::answeredByAres() {
  with_ares_ = false;
  --resolver_.in_flight_;
  settle();
  return wanted() && !done_;
}

void Resolver::Job::finish() {
  if (done_) return;
  done_ = true;
  disarm();
  settle();
}

void Resolver::Job::settle() {
  resolver_.loop_.atTurnEnd(resolver_);
  if (!settled_) resolver_.settled_.push_back(this);
  settled_ = true;
}

void Resolver::Job::detach() {
  disarm();
  if (ticket_ != nullptr) ticket_->job_ = nullptr;
  ticket_ = nullptr;
}

void Resolver::Job::tell() {
  settled_ = false;
  if (!done_ || !wanted()) return;
  detach();
  callBack();
}

class Resolver::AddressJob final : public Job {
 public:
  AddressJob(Resolver& resolver, std::string_view host, OnAddresses on_done)
      : Job(resolver, host), on_done_(std::move(on_done)) {}

  void fail(const Error& error) override {
    answer_ = error;
    finish();
  }
  void succeed(Addresses addresses) {
    answer_ = std::move(addresses);
    finish();
  }

 private:
  void askAres() override {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;  // else each address comes once for every kind of socket
    hints.ai_flags = ARES_AI_NOSORT;  // sorting opens sockets
    ares_getaddrinfo(
        channel(), name(), nullptr, &hints,
        [](void* job, int status, int, ares_addrinfo* list) {
          static_cast<AddressJob*>(job)->onAnswer(status, list);
        },
        this);
  }
  void onAnswer(int status, ares_addrinfo* list) {
    const std::unique_ptr<ares_addrinfo, FreeAddresses> owner(list);
    if (!answeredByAres()) return;
    if (status != ARES_SUCCESS) return fail(errorOf(status));
    Addresses addresses = addressesOf(*list);
    if (addresses.ips.empty()) return fail(errorOf(ARES_ENODATA));
    succeed(std::move(addresses));
  }
  void callBack() override { std::exchange(on_done_, nullptr)(answer_); }

  OnAddresses on_done_;
  Result<Addresses> answer_{kNoTime};
};

class Resolver::SrvJob final : public Job {
 public:
  SrvJob(Resolver& resolver, std::string_view name, OnServices on_done)
      : Job(resolver, name), on_done_(std::move(on_done)) {}

  void fail(const Error& error) override {
    answer_ = error;
    finish();
  }

 private:
  void askAres() override {
    ares_search(
        channel(), name(), kClassIn, kSrvType,
        [](void* job, int status, int, unsigned char* message, int length) {
          static_cast<SrvJob*>(job)->onAnswer(status, message, length);
        },
        this);
  }
  void onAnswer(int status, const unsigned char* message, int length) {
    if (!answeredByAres()) return;
    if (status != ARES_SUCCESS) return fail(errorOf(status));
    answer_ = parseSrvMessage({message, static_cast<std::size_t>(length)});
    finish();
  }
  void callBack() override { std::exchange(on_done_, nullptr)(answer_); }

  OnServices on_done_;
  Result<Services> answer_{kNoTime};
};

Resolver::Resolver(event::Loop& loop, const ResolverOptions& options)
    : loop_(loop), options_(options), timer_(loop.wheel(), *this) {}

Result<std::unique_ptr<Resolver>> Resolver::make(event::Loop& loop,
                                                 const ResolverOptions& options) {
  std::unique_ptr<Resolver> resolver(new Resolver(loop, options));
  const auto opened = resolver->open();
  if (!opened.ok()) return opened.error();
  return resolver;
}

Result<void> Resolver::open() {
  std::string servers;
  for (const std::string& server : options_.servers) {
    if (!net::Address::parse(server).ok() || server.starts_with("unix:")) return kBadServer;
    servers += (servers.empty() ? "" : ",") + server;
  }
  ares_options settings{};
  int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  settings.flags = ARES_FLAG_NOALIASES | (options_.search_domains ? 0 : ARES_FLAG_NOSEARCH);
  settings.timeout = static_cast<int>(options_.attempt_timeout.count());
  settings.tries = static_cast<int>(options_.attempts);
  settings.sock_state_cb_data = this;
  settings.sock_state_cb = [](void* resolver, ares_socket_t descriptor, int reads, int writes) {
    static_cast<Resolver*>(resolver)->onSocketState(descriptor, reads != 0, writes != 0);
  };
#ifdef ARES_OPT_QUERY_CACHE
  given |= ARES_OPT_QUERY_CACHE;  // none: whoever asks again wants to know
  settings.qcache_max_ttl = 0;
#endif
  int status = ares_init_options(&channel_, &settings, given);
  if (status == ARES_SUCCESS && !servers.empty()) {
    status = ares_set_servers_ports_csv(channel_, servers.c_str());
  }
  if (status != ARES_SUCCESS) return errorOf(status);
  return {};
}

Resolver::~Resolver() {
  if (channel_ != nullptr) ares_destroy(channel_);  // calls back for all that it holds
  loop_.cancelTurnEnd(*this);
  for (const auto& job : jobs_) job->detach();
}

std::unique_ptr<Query> Resolver::resolve(std::string_view host, OnAddresses on_done) {
  auto job = std::make_unique<AddressJob>(*this, host, std::move(on_done));
  if (const auto literal = net::Ip::parse(host); literal.ok()) {
    job->succeed({{literal.value()}, std::nullopt});
  }
  return submit(std::move(job), host);
}

std::unique_ptr<Query> Resolver::resolveSrv(std::string_view name, OnServices on_done) {
  return submit(std::make_unique<SrvJob>(*this, name, std::move(on_done)), name);
}

std::unique_ptr<Query> Resolver::submit(std::unique_ptr<Job> job, std::string_view name) {
  auto ticket = std::make_unique<Ticket>(*job);
  job->ticket_ = ticket.get();
  if (!isName(name)) job->fail(kBadName);
  if (!job->done_) waiting_.push_back(job.get());
  Job& added = *job;
  added.place_ = jobs_.insert(jobs_.end(), std::move(job));
  loop_.atTurnEnd(*this);
  return ticket;
}

void Resolver::onSocketState(int descriptor, bool reading, bool writing) {
  if (!reading && !writing) {
    sockets_.erase(descriptor);
    return;
  }
  auto& socket = sockets_[descriptor];
  if (socket == nullptr) {
    socket = std::make_unique<event::DescriptorWatch>(
        loop_, descriptor, [this, descriptor](bool readable, bool writable) {
          process(readable ? descriptor : ARES_SOCKET_BAD, writable ? descriptor : ARES_SOCKET_BAD);
        });
  }
  socket->watch(reading, writing);
}

void Resolver::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  planTimer();
}

void Resolver::onTimer() { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Resolver::planTimer() {
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return timer_.disarm();
  // Rounded up, so that it is over by then.
  timer_.arm(std::chrono::seconds(wait.tv_sec) + Milliseconds(wait.tv_usec / 1000 + 1));
}

void Resolver::onTurnEnd() {
  for (Job* job : std::exchange(settled_, {})) {
    job->tell();
    if (!job->withAres()) jobs_.erase(job->place_);
  }
  askWaiting();
}

void Resolver::askWaiting() {
  while (in_flight_ < options_.max_in_flight && !waiting_.empty()) {
    Job* job = waiting_.front();
    waiting_.pop_front();
    if (job->wanted()) {
      job->ask();
    } else {
      jobs_.erase(job->place_);
    }
  }
  planTimer();
}

}  // namespace weir::dns
