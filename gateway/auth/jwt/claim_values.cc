#include "gateway/auth/jwt/claim_values.h"

namespace weir::gateway::jwt {

ClaimValues::ClaimValues(jose::Json::Value claims) {
  count(claims);
  maps_.reserve(count_);
  elements_.reserve(count_);
  values_.resize(count_, expr::Value::missing());
  values_[claims.index()] = make(claims);
}

void ClaimValues::count(jose::Json::Value value) {
  ++count_;
  for (const jose::Json::Value each : value.items()) count(each);
}

// The depth of recursion, as that of count(), is that of the parsed text, which is limited.
expr::Value ClaimValues::make(jose::Json::Value value) {
  using Kind = jose::Json::Kind;
  switch (value.kind()) {
    case Kind::kNull:
      return expr::Value::null();
    case Kind::kBool:
      return expr::Value::boolean(value.isTrue());
    case Kind::kNumber:
      return value.isInteger() ? expr::Value::integer(value.integer())
                               : expr::Value::number(value.number());
    case Kind::kString:
      return expr::Value::string(value.text());
    case Kind::kObject: {
      const Object& object = maps_.emplace_back(*this, value);
      for (const jose::Json::Value each : value.items()) values_[each.index()] = make(each);
      return expr::Value::map(object);
    }
    case Kind::kArray:
      break;
  }
  const std::size_t begin = elements_.size();
  elements_.resize(begin + value.size(), expr::Value::missing());
  std::size_t at = begin;
  for (const jose::Json::Value each : value.items()) elements_[at++] = make(each);
  return expr::Value::list({elements_.data() + begin, value.size()});
}

expr::Value ClaimValues::Object::find(std::string_view key, std::uint32_t, Arena&) const {
  const jose::Json::Value member = object_.find(key);
  return member ? owner_.valueOf(member) : expr::Value::missing();
}

}  // namespace weir::gateway::jwt
