#pragma once

#include <vector>

#include "core/expr/value.h"
#include "core/jose/json.h"

namespace weir::gateway::jwt {

// Claims as values of expressions, made once for a token, so that evaluations allocate nothing.
class ClaimValues {
 public:
  // `claims` outlives the object.
  explicit ClaimValues(jose::Json::Value claims);
  ClaimValues(const ClaimValues&) = delete;
  ClaimValues& operator=(const ClaimValues&) = delete;

  const expr::Map& map() const { return maps_.front(); }

 private:
  class Object final : public expr::Map {
   public:
    Object(const ClaimValues& owner, jose::Json::Value object) : owner_(owner), object_(object) {}
    expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
    std::size_t size() const override { return object_.size(); }

   private:
    const ClaimValues& owner_;
    const jose::Json::Value object_;
  };

  void count(jose::Json::Value value);
  expr::Value make(jose::Json::Value value);
  expr::Value valueOf(jose::Json::Value value) const { return values_[value.index()]; }

  std::size_t count_ = 0;
  std::vector<Object> maps_;           // reserved at first: they do not move
  std::vector<expr::Value> values_;    // of all claims, by their index
  std::vector<expr::Value> elements_;  // of all lists; reserved at first
};

}  // namespace weir::gateway::jwt
