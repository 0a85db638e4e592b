#include "gateway/limit/fleet.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/base/log.h"

namespace weir::gateway {
namespace {

// Decides about one request. KEYS: one for each rule. ARGV: whether it looks (0), takes (1) or
// takes more than its costs (2); of each rule the interval in ns, the burst, the cost, and the time
// to live in ms for a quota or 0; if it takes more, of each rule the most units of a lease, or
// negative the units that were used while the server was away, which are charged in any case.
//
// The value of a rate's key is the time at which its bucket is full again, in microseconds since
// 2025 by the server's clock: a double holds them with a precision of 8 ns. That of a quota is what
// has been used of it, in the same unit.
//
// The reply is whether the request is allowed (all rules, or none, have been charged), for each
// rule the time until its bucket is full, in ns, and if it takes more for each rule the units of
// the lease.
constexpr std::string_view kScript = R"(local time = redis.call('TIME')
local now = (time[1] - 1735689600) * 1000000 + time[2]
local since, life, stored, missing, after, lease, allowed = {}, {}, {}, {}, {}, {}, 1
for i, key in ipairs(KEYS) do
  local interval, burst = ARGV[4 * i - 2] / 1000, ARGV[4 * i - 1]
  local cost = tonumber(ARGV[4 * i])
  local more = ARGV[1] == '2' and tonumber(ARGV[4 * #KEYS + 1 + i]) or 0
  life[i] = tonumber(ARGV[4 * i + 1])
  since[i] = life[i] == 0 and now or 0
  stored[i] = math.max(0, (tonumber(redis.call('GET', key) or 0) or 0) - since[i])
  missing[i] = stored[i]
  if more < 0 then
    missing[i] = math.max(stored[i], math.min(interval * burst, stored[i] - interval * more))
  end
  after[i] = math.max(0, missing[i] + interval * cost)
  local room = interval * burst + 0.05 - after[i]
  if cost > 0 and room < 0 then allowed = 0 end
  lease[i] = math.max(0, math.min(more, math.floor(room / interval)))
  after[i] = after[i] + interval * lease[i]
end
local reply = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 and ARGV[1] ~= '0' then missing[i] = after[i] end
  if missing[i] ~= stored[i] then
    if missing[i] > 0 then
      if life[i] == 0 then life[i] = math.ceil(missing[i] / 1000) + 1 end
      redis.call('SET', key, string.format('%.3f', since[i] + missing[i]), 'PX',
                 string.format('%.0f', life[i]))
    else
      redis.call('DEL', key)
    end
  end
  reply[i + 1] = math.floor(missing[i] * 1000)
  if ARGV[1] == '2' then reply[#KEYS + 1 + i] = allowed * lease[i] end
end
return reply)";

// Notes that an instance is alive, and returns the number of those that are. KEYS: their set.
constexpr std::string_view kBeatScript = R"(local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] - 15)
redis.call('EXPIRE', KEYS[1], 60)
return redis.call('ZCARD', KEYS[1]))";

constexpr std::size_t kCommonWords = 2;  // the number of keys, and whether it takes
constexpr std::size_t kWordsEach = 6;    // the key, and the arguments
constexpr std::string_view kMeanwhile =
    "; each instance uses its own share of the limits meanwhile";
// A unit of a quota, so that the script's tolerance is no part of it.
constexpr std::int64_t kQuotaUnit = 1'000'000;  // ns
constexpr std::size_t kNumberRoom = 21;

std::string_view decimal(std::int64_t value, Arena& arena) {
  ArenaWriter out(arena, kNumberRoom);
  if (value < 0) out.put('-');
  return out.number(static_cast<std::uint64_t>(value < 0 ? -value : value)).text();
}

}  // namespace

std::unique_ptr<redis::Servers> makeServers(const FleetServer& server,
                                            const redis::Client::Tools& tools) {
  const redis::Servers::Options options{.upstream = server.upstream_id,
                                        .name = server.upstream,
                                        .user = server.user.value_or(std::string()),
                                        .password = server.password.reveal(),
                                        .script = kScript,
                                        .meanwhile = kMeanwhile,
                                        .timeout = server.timeout};
  if (server.cluster) return redis::Servers::ofCluster(options, tools);
  if (!server.sentinel) return redis::Servers::single(options, tools);
  const redis::Servers::Sentinel sentinel{server.sentinel->primary,
                                          server.sentinel->user.value_or(std::string()),
                                          server.sentinel->password.reveal()};
  return redis::Servers::bySentinel(options, sentinel, tools);
}

Fleet::Beat::Beat(Fleet& fleet) : Evaluation(kBeatScript), fleet_(fleet) {}

Fleet::Fleet(const FleetServer& server, const filter::LocalTools& tools)
    : server_(server),
      loop_(tools.loop),
      servers_(makeServers(server, {tools.loop, tools.random, tools.dialer})),
      members_(server.prefix + ":nodes"),
      alarm_(tools.loop.wheel(), *this) {}

Fleet::~Fleet() { redis::Servers::cancel(beat_); }

void Fleet::join(std::string name) {
  if (!name_.empty()) return;
  name_ = std::move(name);
  onAlarm();
}

void Fleet::onAlarm() {
  redis::Servers::cancel(beat_);
  const std::array<std::string_view, 3> words = {"1", members_, name_};
  std::copy(words.begin(), words.end(), words_.begin());
  alarm_.arm(servers_->evaluate(words_, beat_) ? kBeat : kBeatAgain);
}

void Fleet::onBeat(const redis::Reply& reply) {
  if (reply.kind() == redis::Reply::Kind::kError) return noteRefusal(reply.text());
  const auto nodes =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(reply.integer(), 1, 1 << 20));
  if (nodes == std::exchange(nodes_, nodes)) return;
  log::info("redis " + server_.upstream + ": " + std::to_string(nodes) +
            (nodes == 1 ? " instance shares" : " instances share") + " the limits");
}

void Fleet::noteRefusal(std::string_view detail) {
  if (const auto held_back = log_limit_.admit(loop_.eventTime())) {
    log::warning("redis " + server_.upstream + ": the server refuses a command: " +
                 std::string(detail) + event::LogLimit::text(*held_back));
  }
}

FleetUse::~FleetUse() { all_.release(fleet_); }

Fleets::Entry& Fleets::entryOf(const FleetServer& server, const filter::LocalTools& tools) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) {
    return each.fleet->server() == server;
  });
  if (found != entries_.end()) return *found;
  return entries_.emplace_back(Entry{std::make_unique<Fleet>(server, tools)});
}

std::unique_ptr<FleetUse> Fleets::use(const FleetServer& server, const filter::LocalTools& tools) {
  Entry& entry = entryOf(server, tools);
  ++entry.uses;
  return std::make_unique<FleetUse>(*this, *entry.fleet);
}

void Fleets::release(const Fleet& fleet) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& each) { return each.fleet.get() == &fleet; });
  if (--found->uses == 0) entries_.erase(found);
}

// Hashes only, so that nobody can read there who the callers are.
// The part in braces, which selects the slot in a cluster, is the same for all claims of a request.
std::string_view fleetKey(const RateClaim& claim, const FleetCounts& counts, Arena& arena) {
  constexpr unsigned kBits = 64;
  constexpr unsigned kDigitBits = 4;
  constexpr std::string_view kDigits = "0123456789abcdef";
  ArenaWriter out(arena, counts.prefix.size() + kBits / kDigitBits + 2 * kNumberRoom);
  out.put(counts.prefix);
  if (counts.one_key) out.put('{');
  for (unsigned at = kBits; at > 0; at -= kDigitBits) {
    out.put(kDigits[claim.key >> (at - kDigitBits) & (kDigits.size() - 1)]);
  }
  if (counts.one_key) out.put('}');
  out.put(':').number(claim.rule + 1);
  if (claim.quota) out.put(':').number(static_cast<std::uint64_t>(claim.quota->window));
  return out.text();
}

std::span<const std::string_view> fleetQuestion(std::span<const RateClaim> claims,
                                                const FleetCounts& counts, Taking taking,
                                                Arena& arena) {
  const std::size_t most = kCommonWords + claims.size() * kWordsEach;
  auto* const words = arena.array<std::string_view>(most);
  auto* to = words;
  const auto put = [&to](std::string_view word) { std::construct_at(to++, word); };
  put(decimal(std::ssize(claims), arena));
  for (const RateClaim& claim : claims) put(fleetKey(claim, counts, arena));
  constexpr std::string_view kTaking[] = {"0", "1", "2"};
  put(kTaking[static_cast<std::size_t>(taking)]);
  for (const RateClaim& claim : claims) {
    put(decimal(claim.quota ? kQuotaUnit : claim.rate.interval.count(), arena));
    put(decimal(claim.rate.burst, arena));
    put(decimal(effectiveCost(claim.cost, claim.rate), arena));
    const auto life =
        claim.quota ? std::chrono::ceil<Milliseconds>(claim.quota->left).count() + 1 : 0;
    put(decimal(life, arena));
  }
  if (taking == Taking::kTakeMore) {
    for (const RateClaim& claim : claims) put(decimal(claim.lease, arena));
  }
  return {words, static_cast<std::size_t>(to - words)};
}

bool readFleetReply(const redis::Reply& reply, std::span<RateClaim> claims, bool& allowed,
                    Taking taking) {
  const bool leases = taking == Taking::kTakeMore;
  if (!reply.isIntegers(1 + claims.size() * (leases ? 2 : 1))) return false;
  allowed = reply.integer(1) == 1;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    RateClaim& claim = claims[i];
    const Nanoseconds replied(reply.integer(2 + i) / (claim.quota ? kQuotaUnit : 1));
    const Nanoseconds missing = std::clamp(replied, Nanoseconds(0), claim.rate.window());
    const std::int64_t cost = effectiveCost(claim.cost, claim.rate);
    claim.decision =
        allowed ? decisionAfter(missing, claim.rate) : decisionBefore(missing, claim.rate, cost);
    if (leases) claim.lease = std::max<std::int64_t>(0, reply.integer(2 + claims.size() + i));
  }
  return true;
}

void reduceToShare(RateClaim& claim, std::uint32_t nodes) {
  const auto count = std::max<std::int64_t>(1, nodes);
  UnitRate& rate = claim.rate;
  rate.burst = (rate.burst + count - 1) / count;
  claim.waiting /= count;
  if (claim.quota) return;
  const Nanoseconds longest = UnitRate::kLongest / rate.burst;
  rate.interval = count > longest / rate.interval ? longest : rate.interval * count;
}

}  // namespace weir::gateway
