#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/base/keyed_hash.h"
#include "gateway/auth/forward_auth/answer.h"
#include "gateway/auth/forward_auth/settings.h"

namespace weir::gateway::forward_auth {

using SharedAnswer = std::shared_ptr<const Answer>;

// The answers of a worker that were used last, by keys of CacheKey. A look-up allocates nothing.
class AnswerCache {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{16} * 1024 * 1024;

  // The settings outlive the cache.
  explicit AnswerCache(const CacheSettings& settings) : settings_(settings) {}

  SharedAnswer find(std::string_view key, Milliseconds now);  // null: there is none
  // Keeps it if it may be kept: neither failures nor what the service has excluded.
  void add(std::string_view key, const SharedAnswer& answer, Milliseconds now);
  std::size_t size() const { return places_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    SharedAnswer answer;
    Milliseconds until;
    std::size_t bytes;
  };
  using Order = std::list<Entry>;  // the one used last comes first

  Milliseconds lifeOf(const Answer& answer) const;
  void remove(Order::iterator entry);

  const CacheSettings& settings_;
  Order order_;
  // The keys are views into entries.
  std::unordered_map<std::string_view, Order::iterator, KeyedHash> places_;
  std::size_t bytes_ = 0;
};

}  // namespace weir::gateway::forward_auth
