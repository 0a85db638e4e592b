#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "gateway/auth/jwt/verified_token.h"

namespace weir::gateway::jwt {

// The verified tokens of a worker that were used last. A look-up allocates nothing.
class TokenCache {
 public:
  using Token = std::shared_ptr<const VerifiedToken>;
  static constexpr std::size_t kMostTokens = 1024;
  static constexpr std::size_t kMostBytes = 4096;  // of a token; larger ones are not kept
  static constexpr Nanoseconds kLongest = std::chrono::minutes(5);

  // `seed`: random, so that the places of tokens are unknown to others.
  explicit TokenCache(std::uint64_t seed) : seed_(seed) {}

  // Null if it is not there or may no longer be used. Valid until the next call.
  const Token* find(std::string_view text, Nanoseconds now);
  void add(Token token, Nanoseconds now);
  void clear();
  std::size_t size() const { return places_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    Nanoseconds until;
    Token token;
  };
  using Order = std::list<Entry>;

  std::uint64_t hashOf(std::string_view text) const;
  void remove(Order::iterator entry);

  const std::uint64_t seed_;
  Order order_;  // the token used last first
  std::unordered_map<std::uint64_t, Order::iterator> places_;
};

}  // namespace weir::gateway::jwt
