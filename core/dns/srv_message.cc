#include "core/dns/srv_message.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include <ares.h>

#include "core/dns/failure.h"

namespace weir::dns {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kQuestionTail = 4;  // type and class
constexpr std::size_t kRecordTail = 10;   // type, class, TTL and length

struct FreeAres {
  void operator()(void* memory) const { ares_free_data(memory); }
};

// Iterates over the records of a message that c-ares has found well-formed.
class Walk {
 public:
  explicit Walk(std::span<const unsigned char> message) : message_(message) {}

  unsigned number(std::size_t at, std::size_t bytes) const {
    unsigned value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = (value << 8U) | message_[at + i];
    return value;
  }
  bool has(std::size_t bytes) const { return message_.size() - at_ >= bytes; }
  void skip(std::size_t bytes) { at_ += bytes; }
  bool skipName() {
    char* name = nullptr;
    long length = 0;
    const int status = ares_expand_name(message_.data() + at_, message_.data(),
                                        static_cast<int>(message_.size()), &name, &length);
    if (status != ARES_SUCCESS) return false;
    ares_free_string(name);
    at_ += static_cast<std::size_t>(length);
    return at_ <= message_.size();
  }
  std::size_t at() const { return at_; }

 private:
  std::span<const unsigned char> message_;
  std::size_t at_ = kHeaderBytes;
};

Ttl smaller(Ttl known, std::chrono::seconds ttl) { return known ? std::min(*known, ttl) : ttl; }

// The TTL, which ares_srv_reply lacks. nullopt if the message ends before its records do.
std::optional<std::chrono::seconds> smallestTtl(std::span<const unsigned char> message) {
  if (message.size() < kHeaderBytes) return std::nullopt;
  Walk walk(message);
  const unsigned questions = walk.number(4, 2);
  const unsigned answers = walk.number(6, 2);
  for (unsigned i = 0; i < questions; ++i) {
    if (!walk.skipName() || !walk.has(kQuestionTail)) return std::nullopt;
    walk.skip(kQuestionTail);
  }
  Ttl smallest;
  for (unsigned i = 0; i < answers; ++i) {
    if (!walk.skipName() || !walk.has(kRecordTail)) return std::nullopt;
    const std::chrono::seconds ttl(walk.number(walk.at() + 4, 4));
    const std::size_t length = walk.number(walk.at() + 8, 2);
    if (walk.number(walk.at(), 2) == kSrvType) smallest = smaller(smallest, ttl);
    if (!walk.has(kRecordTail + length)) return std::nullopt;
    walk.skip(kRecordTail + length);
  }
  return smallest;
}

}  // namespace

Result<Services> parseSrvMessage(std::span<const unsigned char> message) {
  ares_srv_reply* first = nullptr;
  const int status = ares_parse_srv_reply(message.data(), static_cast<int>(message.size()), &first);
  const std::unique_ptr<ares_srv_reply, FreeAres> owner(first);
  if (status != ARES_SUCCESS) return errorOf(status);
  Services answer;
  for (const ares_srv_reply* at = first; at != nullptr; at = at->next) {
    const std::string_view target(at->host);
    if (target.empty() || target == ".") continue;
    answer.services.push_back({std::string(target), at->port, at->weight, at->priority});
  }
  if (answer.services.empty()) return errorOf(ARES_ENODATA);
  std::stable_sort(answer.services.begin(), answer.services.end(),
                   [](const Service& left, const Service& right) {
                     return std::tuple(left.priority, right.weight) <
                            std::tuple(right.priority, left.weight);
                   });
  answer.ttl = smallestTtl(message);
  if (answer.ttl == std::chrono::seconds(0)) answer.ttl.reset();
  return answer;
}

}  // namespace weir::dns
