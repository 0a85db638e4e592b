#include "gateway/limit/fleet.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/base/log.h"

namespace weir::gateway {
namespace {

// Decides about one request. KEYS: one for each rule. ARGV: of each rule the interval in ns, the
// burst and the cost. The value of a key is the time at which its bucket is full again, in
// microseconds since 2025 by the server's clock: a double holds them with a precision of 8 ns.
//
// The reply is whether the request is allowed (all rules, or none, have been charged), and for each
// rule the time until its bucket is full, in ns.
constexpr std::string_view kScript = R"(local time = redis.call('TIME')
local now = (time[1] - 1735689600) * 1000000 + time[2]
local missing, after, allowed = {}, {}, 1
for i, key in ipairs(KEYS) do
  local interval, burst, cost = ARGV[3 * i - 2] / 1000, ARGV[3 * i - 1], tonumber(ARGV[3 * i])
  missing[i] = math.max(0, (tonumber(redis.call('GET', key) or 0) or 0) - now)
  after[i] = math.max(0, missing[i] + interval * cost)
  if cost > 0 and after[i] > interval * burst + 0.05 then allowed = 0 end
end
local reply = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 and after[i] ~= missing[i] then
    if after[i] > 0 then
      local life = string.format('%.0f', math.ceil(after[i] / 1000) + 1)
      redis.call('SET', key, string.format('%.3f', now + after[i]), 'PX', life)
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

constexpr std::size_t kFirstArguments = 1;  // the number of keys
constexpr std::size_t kArgumentsEach = 3;
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
  ArenaWriter out(arena, limit.size() + kBits / kDigitBits + kNumberRoom + 2);
  out.put(limit).put('{');
  for (unsigned at = kBits; at > 0; at -= kDigitBits) {
    out.put(kDigits[claim.key >> (at - kDigitBits) & (kDigits.size() - 1)]);
  }
  return out.put("}:").number(claim.rule + 1).text();
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

std::shared_ptr<Fleet> Fleets::get(const FleetServer& server, const filter::LocalTools& tools) {
  std::erase_if(all_, [](const auto& each) { return each.expired(); });
  for (const auto& each : all_) {
    auto fleet = each.lock();
    if (fleet->server() == server) return fleet;
  }
  auto made = std::make_shared<Fleet>(server, tools);
  all_.push_back(made);
  return made;
}

std::span<const std::string_view> fleetQuestion(std::span<const RateClaim> claims,
                                                std::string_view limit, Arena& arena) {
  const std::size_t count = kFirstArguments + claims.size() * (1 + kArgumentsEach);
  auto* const words = arena.array<std::string_view>(count);
  auto* to = words;
  std::construct_at(to++, decimal(std::ssize(claims), arena));
  for (const RateClaim& claim : claims) std::construct_at(to++, countName(limit, claim, arena));
  for (const RateClaim& claim : claims) {
    std::construct_at(to++, decimal(claim.rate.interval.count(), arena));
    std::construct_at(to++, decimal(claim.rate.burst, arena));
    std::construct_at(to++, decimal(effectiveCost(claim.cost, claim.rate), arena));
  }
  return {words, count};
}

bool readFleetReply(const redis::Reply& reply, std::span<RateClaim> claims, bool& allowed) {
  if (!reply.isIntegers(1 + claims.size())) return false;
  allowed = reply.integer(1) == 1;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    RateClaim& claim = claims[i];
    const Nanoseconds missing =
        std::clamp(Nanoseconds(reply.integer(2 + i)), Nanoseconds(0), claim.rate.window());
    claim.decision =
        allowed ? decisionAfter(missing, claim.rate)
                : decisionBefore(missing, claim.rate, effectiveCost(claim.cost, claim.rate));
  }
  return true;
}

UnitRate shareOf(const UnitRate& rate, std::uint32_t nodes) {
  const auto count = std::max<std::int64_t>(1, nodes);
  UnitRate share;
  share.burst = (rate.burst + count - 1) / count;
  const Nanoseconds longest = UnitRate::kLongest / share.burst;
  share.interval = count > longest / rate.interval ? longest : rate.interval * count;
  return share;
}

}  // namespace weir::gateway
