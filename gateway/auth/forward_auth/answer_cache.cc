#include "gateway/auth/forward_auth/answer_cache.h"

#include <algorithm>
#include <iterator>

namespace weir::gateway::forward_auth {

Milliseconds AnswerCache::lifeOf(const Answer& answer) const {
  const bool allowed = answer.kind == Answer::Kind::kAllowed;
  if (!allowed && answer.kind != Answer::Kind::kDenied) return Milliseconds(0);
  const Milliseconds life = allowed ? settings_.ttl : settings_.negative_ttl;
  return std::min(life, answer.fresh.value_or(life));
}

SharedAnswer AnswerCache::find(std::string_view key, Milliseconds now) {
  const auto place = places_.find(key);
  if (place == places_.end()) return nullptr;
  const Order::iterator entry = place->second;
  if (now >= entry->until) {
    remove(entry);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, entry);
  return entry->answer;
}

void AnswerCache::add(std::string_view key, const SharedAnswer& answer, Milliseconds now) {
  constexpr std::size_t kOverhead = 256;  // of the list and the table
  const Milliseconds life = lifeOf(*answer);
  if (life.count() <= 0) return;
  if (const auto place = places_.find(key); place != places_.end()) remove(place->second);
  const std::size_t size = key.size() + answer->bytes() + kOverhead;
  order_.push_front({std::string(key), answer, now + life, size});
  places_.emplace(order_.front().key, order_.begin());
  bytes_ += size;
  while (places_.size() > settings_.entries || bytes_ > kMostBytes) {
    remove(std::prev(order_.end()));
  }
}

void AnswerCache::remove(Order::iterator entry) {
  bytes_ -= entry->bytes;
  places_.erase(entry->key);
  order_.erase(entry);
}

}  // namespace weir::gateway::forward_auth
