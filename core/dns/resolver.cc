#include "core/dns/resolver.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/dns/channel.h"
#include "core/dns/lookup.h"
#include "core/net/address.h"

namespace weir::dns {
namespace {

constexpr Error kBadServer = {ErrorCode::kInvalid, Origin::kLocal, "not a server address"};
constexpr Milliseconds kSettle{100};  // time for a resolv.conf to be completely written

}  // namespace

Resolver::Resolver(event::Loop& loop, const ResolverOptions& options)
    : loop_(loop), options_(options) {}

Result<std::unique_ptr<Resolver>> Resolver::make(event::Loop& loop,
                                                 const ResolverOptions& options) {
  std::unique_ptr<Resolver> resolver(new Resolver(loop, options));
  const auto opened = resolver->open();
  if (!opened.ok()) return opened.error();
  return resolver;
}

Result<void> Resolver::open() {
  for (const std::string& server : options_.servers) {
    if (!net::Address::parse(server).ok() || server.starts_with("unix:")) return kBadServer;
  }
  WEIR_TRY(hosts_, Channel::open(loop_, {.hosts_file = true}));
  readSystem();
  WEIR_TRY(channel_, openChannel());
  if (options_.servers.empty()) {
    watch_ = std::make_unique<event::FileWatch>(loop_, kSettle, [this] { onSystemChanged(); });
    watch_->watch({options_.resolv_conf});
  }
  return {};
}

void Resolver::readSystem() {
  system_ = loadResolvConf(options_.resolv_conf);
  if (!options_.search_domains) system_.domains.clear();
}

Result<std::unique_ptr<Channel>> Resolver::openChannel() {
  std::string servers;
  for (const std::string& server : options_.servers.empty() ? system_.servers : options_.servers) {
    servers += (servers.empty() ? "" : ",") + server;
  }
  WEIR_TRY(auto channel, Channel::open(loop_, {.servers = servers,
                                               .resolv_conf = options_.resolv_conf,
                                               .attempt_timeout = options_.attempt_timeout,
                                               .attempts = options_.attempts}));
  channel->setOnAnswer([this] { loop_.atTurnEnd(*this); });
  return channel;
}

Resolver::~Resolver() {
  for (Lookup* lookup : lookups_) lookup->leaveResolver();
  channel_ = nullptr;
  loop_.cancelTurnEnd(*this);
}

std::unique_ptr<Query> Resolver::resolve(std::string_view host, Family family,
                                         OnAddresses on_done) {
  return submit(makeAddressLookup(*this, host, family, std::move(on_done)));
}

std::unique_ptr<Query> Resolver::resolveSrv(std::string_view name, OnServices on_done) {
  return submit(makeSrvLookup(*this, name, std::move(on_done)));
}

std::unique_ptr<Query> Resolver::submit(std::unique_ptr<Lookup> lookup) {
  lookups_.insert(lookup.get());
  if (!lookup->done()) waiting_.push_back(lookup.get());
  loop_.atTurnEnd(*this);
  return lookup;
}

void Resolver::settle(Lookup& lookup) {
  settled_.push_back(&lookup);
  loop_.atTurnEnd(*this);
}

void Resolver::forget(Lookup& lookup) {
  lookups_.erase(&lookup);
  std::erase(waiting_, &lookup);
  std::erase(settled_, &lookup);
}

std::size_t Resolver::inFlight() const { return channel_->open(); }

// Open queries are sent again, to the new servers.
void Resolver::onSystemChanged() {
  watch_->watch({options_.resolv_conf});
  readSystem();
  auto channel = openChannel();
  if (!channel.ok()) {
    log::warning("DNS: cannot use " + options_.resolv_conf + ": " +
                 std::string(channel.error().detail));
    return;
  }
  log::info("DNS: " + options_.resolv_conf + " has changed and was reloaded");
  for (Lookup* lookup : lookups_) {
    if (!lookup->begun() || lookup->done()) continue;
    lookup->restart();
    waiting_.push_back(lookup);
  }
  channel_ = std::move(channel.value());
  loop_.atTurnEnd(*this);
  if (on_change_) on_change_();
}

void Resolver::onTurnEnd() {
  for (std::size_t left = settled_.size(); left > 0 && !settled_.empty(); --left) {
    Lookup* lookup = settled_.front();
    settled_.pop_front();
    lookup->tell();
  }
  askWaiting();
}

void Resolver::askWaiting() {
  while (channel_->open() < options_.max_in_flight && !waiting_.empty()) {
    Lookup* lookup = waiting_.front();
    waiting_.pop_front();
    lookup->begin();
  }
}

}  // namespace weir::dns
