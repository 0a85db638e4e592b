#include "core/http/field_set.h"

#include <algorithm>
#include <array>
#include <functional>

#include "core/http/header_id.h"

namespace weir::http {
namespace {

constexpr char canonical(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ? c : '-';
}

}  // namespace

bool isSameField(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, canonical, canonical);
}

void FieldSet::add(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || headerId(name) != HeaderId::kOther) return;
  std::string text(name);
  std::ranges::transform(text, text.begin(), canonical);
  const auto place = std::ranges::lower_bound(names_, text);
  if (place != names_.end() && *place == text) return;
  lengths_ |= std::uint64_t{1} << (text.size() % 64);
  names_.insert(place, std::move(text));
}

void FieldSet::add(const FieldSet& other) {
  for (const std::string& name : other.names_) add(name);
}

bool FieldSet::find(std::string_view name) const {
  if (name.size() > kMaxName) return false;
  std::array<char, kMaxName> text{};
  const auto end = std::ranges::transform(name, text.begin(), canonical).out;
  const std::string_view wanted(text.data(), static_cast<std::size_t>(end - text.begin()));
  return std::ranges::binary_search(names_, wanted, std::less<>());
}

}  // namespace weir::http
