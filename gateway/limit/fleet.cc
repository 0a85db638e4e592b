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

// Decides about one request. KEYS: one for each rule. ARGV: whether it takes (1) or looks (0), and
// of each rule the interval in ns, the burst, the cost, and the time to live in ms for a quota or
// 0.
//
// The value of a rate's key is the time at which its bucket is full again, in microseconds since
// 2025 by the server's clock: a double holds them with a precision of 8 ns. That of a quota is what
// has been used of it, in the same unit.
//
// The reply is whether the request is allowed (all rules, or none, have been charged), and for each
// rule the time until its bucket is full, in ns.
constexpr std::string_view kScript = R"(local time = redis.call('TIME')
local now = (time[1] - 1735689600) * 1000000 + time[2]
local since, life, missing, after, allowed = {}, {}, {}, {}, 1
for i, key in ipairs(KEYS) do
  local interval, burst = ARGV[4 * i - 2] / 1000, ARGV[4 * i - 1]
  local cost = tonumber(ARGV[4 * i])
  life[i] = tonumber(ARGV[4 * i + 1])
  since[i] = life[i] == 0 and now or 0
  missing[i] = math.max(0, (tonumber(redis.call('GET', key) or 0) or 0) - since[i])
  after[i] = math.max(0, missing[i] + interval * cost)
  if cost > 0 and after[i] > interval * burst + 0.05 then allowed = 0 end
end
local reply = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 and ARGV[1] == '1' and after[i] ~= missing[i] then
    if after[i] > 0 then
      if life[i] == 0 then life[i] = math.ceil(after[i] / 1000) + 1 end
      redis.call('SET', key, string.format('%.3f', since[i] + after[i]), 'PX',
                 string.format('%.0f', life[i]))
    else
      redis.call('DEL', key)
    end
    missing[i] = after[i]
  end
  reply[i + 1] = math.floor(missing[i] * 1000)
end
return reply)";

// Notes that an instance is alive, and returns the number of those that are. KEYS: their set.
constexpr std::string_view kBeatScript = R"(local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] - 15)
redis.call('EXPIRE', KEYS[1], 60)
return redis.call('ZCARD', KEYS[1]))";

constexpr std::size_t kCommonWords = 2;  // the number of keys, and whether it takes
constexpr std::size_t kWordsEach = 5;    // the key, and the arguments
// A unit of a quota, so that the script's tolerance is no part of it.
constexpr std::int64_t kQuotaUnit = 1'000'000;  // ns
constexpr std::size_t kNumberRoom = 21;

std::string_view decimal(std::int64_t value, Arena& arena) {
  ArenaWriter out(arena, kNumberRoom);
  if (value < 0) out.put('-');
  return out.number(static_cast<std::uint64_t>(value < 0 ? -value : value)).text();
}

// The name of the count of a key: hashes only, so that nobody can read there who the callers are.
std::string_view countName(std::string_view limit, const RateClaim& claim, Arena& arena) {
  constexpr unsigned kBits = 64;
  constexpr unsigned kDigitBits = 4;
  constexpr std::string_view kDigits = "0123456789abcdef";
  ArenaWriter out(arena, limit.size() + kBits / kDigitBits + 2 * kNumberRoom);
  out.put(limit).put('{');
  for (unsigned at = kBits; at > 0; at -= kDigitBits) {
    out.put(kDigits[claim.key >> (at - kDigitBits) & (kDigits.size() - 1)]);
  }
  out.put("}:").number(claim.rule + 1);
  if (claim.quota) out.put(':').number(static_cast<std::uint64_t>(claim.quota->window));
  return out.text();
}

}  // namespace

Fleet::Fleet(const FleetServer& server, const filter::LocalTools& tools)
    : server_(server),
      loop_(tools.loop),
      client_({.upstream = server.upstream_id,
               .name = server.upstream,
               .user = server.user.value_or(std::string()),
               .password = server.password.reveal(),
               .script = kScript,
               .timeout = server.timeout},
              {tools.loop, tools.random, tools.dialer}),
      members_(server.prefix + ":nodes"),
      beat_(tools.loop.wheel(), *this) {}

Fleet::~Fleet() { client_.cancel(*this); }

void Fleet::join(std::string name) {
  if (!name_.empty()) return;
  name_ = std::move(name);
  onBeat();
}

void Fleet::onBeat() {
  beat_.arm(kBeat);
  if (!client_.ready()) return;
  client_.cancel(*this);
  const std::array<std::string_view, 5> words = {"EVAL", kBeatScript, "1", members_, name_};
  client_.send(words, *this);
}

void Fleet::onReply(const redis::Reply& reply) {
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

std::span<const std::string_view> fleetQuestion(std::span<const RateClaim> claims,
                                                std::string_view limit, bool takes, Arena& arena) {
  const std::size_t count = kCommonWords + claims.size() * kWordsEach;
  auto* const words = arena.array<std::string_view>(count);
  auto* to = words;
  const auto put = [&to](std::string_view word) { std::construct_at(to++, word); };
  put(decimal(std::ssize(claims), arena));
  for (const RateClaim& claim : claims) put(countName(limit, claim, arena));
  put(takes ? "1" : "0");
  for (const RateClaim& claim : claims) {
    put(decimal(claim.quota ? kQuotaUnit : claim.rate.interval.count(), arena));
    put(decimal(claim.rate.burst, arena));
    put(decimal(effectiveCost(claim.cost, claim.rate), arena));
    const auto life =
        claim.quota ? std::chrono::ceil<Milliseconds>(claim.quota->left).count() + 1 : 0;
    put(decimal(life, arena));
  }
  return {words, count};
}

bool readFleetReply(const redis::Reply& reply, std::span<RateClaim> claims, bool& allowed) {
  if (!reply.isIntegers(1 + claims.size())) return false;
  allowed = reply.integer(1) == 1;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    RateClaim& claim = claims[i];
    const Nanoseconds replied(reply.integer(2 + i) / (claim.quota ? kQuotaUnit : 1));
    const Nanoseconds missing = std::clamp(replied, Nanoseconds(0), claim.rate.window());
    const std::int64_t cost = effectiveCost(claim.cost, claim.rate);
    claim.decision =
        allowed ? decisionAfter(missing, claim.rate) : decisionBefore(missing, claim.rate, cost);
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
