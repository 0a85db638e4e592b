#include "gateway/auth/jwt/token_cache.h"

#include <algorithm>
#include <cstring>

namespace weir::gateway::jwt {

// The end of a signature is as random as a hash of the token. Only tokens of the issuer are kept,
// so that others cannot choose it.
std::uint64_t TokenCache::hashOf(std::string_view text) const {
  std::uint64_t end = 0;
  const std::size_t size = std::min(text.size(), sizeof end);
  std::memcpy(&end, text.data() + text.size() - size, size);
  end = (end ^ seed_ ^ text.size()) * 0x9E3779B97F4A7C15U;
  return end ^ (end >> 32U);
}

const TokenCache::Token* TokenCache::find(std::string_view text, Nanoseconds now) {
  if (text.size() > kMostBytes) return nullptr;
  const auto place = places_.find(hashOf(text));
  if (place == places_.end()) return nullptr;
  const Order::iterator entry = place->second;
  if (entry->token->text() != text) return nullptr;
  if (now >= entry->until) {
    remove(entry);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, entry);
  return &entry->token;
}

void TokenCache::add(Token token, Nanoseconds now) {
  if (token->text().size() > kMostBytes) return;
  const std::uint64_t hash = hashOf(token->text());
  const auto place = places_.find(hash);
  if (place != places_.end()) remove(place->second);
  if (places_.size() == kMostTokens) remove(std::prev(order_.end()));
  const Nanoseconds until = std::min(token->refusedFrom(), now + kLongest);
  order_.push_front({hash, until, std::move(token)});
  places_.emplace(hash, order_.begin());
}

void TokenCache::remove(Order::iterator entry) {
  places_.erase(entry->hash);
  order_.erase(entry);
}

void TokenCache::clear() {
  places_.clear();
  order_.clear();
}

}  // namespace weir::gateway::jwt
