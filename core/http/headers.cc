#include "core/http/headers.h"

#include <algorithm>

namespace weir::http {
namespace {

constexpr std::uint32_t kFirstCapacity = 24;

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  add(headerId(name), name, value);
}

void Headers::grow() {
  const std::uint32_t wider = capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
  auto* moved = arena_->array<Header>(wider);
  std::uninitialized_copy_n(fields_, size_, moved);
  fields_ = moved;
  capacity_ = wider;
}

void Headers::set(HeaderId id, std::string_view value) {
  if (mayHave(id)) remove(id);
  add(id, value);
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(HeaderId id) {
  if (!mayHave(id)) return;
  removeIf([id](const Header& field) { return field.id == id; });
  seen_ &= ~bit(id);
}

void Headers::remove(std::string_view name) {
  if (const HeaderId id = headerId(name); id != HeaderId::kOther) return remove(id);
  removeIf([name](const Header& field) { return equalsIgnoringCase(field.name, name); });
}

const Header* Headers::find(HeaderId id) const {
  if (!mayHave(id)) return nullptr;
  const auto* found = std::find_if(begin(), end(), [id](const Header& f) { return f.id == id; });
  return found == end() ? nullptr : found;
}

const Header* Headers::find(std::string_view name) const {
  if (const HeaderId id = headerId(name); id != HeaderId::kOther) return find(id);
  const auto* found = std::find_if(
      begin(), end(), [name](const Header& f) { return equalsIgnoringCase(f.name, name); });
  return found == end() ? nullptr : found;
}

std::optional<std::string_view> Headers::get(HeaderId id) const {
  const Header* found = find(id);
  return found == nullptr ? std::nullopt : std::optional(found->value);
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  const Header* found = find(name);
  return found == nullptr ? std::nullopt : std::optional(found->value);
}

std::optional<std::string_view> Headers::joined(std::string_view name) const {
  const HeaderId id = headerId(name);
  const auto same = [&](const Header& field) {
    return id == HeaderId::kOther ? equalsIgnoringCase(field.name, name) : field.id == id;
  };
  std::size_t count = 0;
  std::size_t bytes = 0;
  const Header* last = nullptr;
  for (const Header& field : *this) {
    if (!same(field)) continue;
    ++count;
    bytes += field.value.size() + 2;
    last = &field;
  }
  if (count == 0) return std::nullopt;
  if (count == 1) return last->value;
  char* const start = arena_->allocate(bytes);
  char* to = start;
  for (const Header& field : *this) {
    if (!same(field)) continue;
    if (to != start) to = std::copy_n(", ", 2, to);
    to = std::copy(field.value.begin(), field.value.end(), to);
  }
  return std::string_view(start, static_cast<std::size_t>(to - start));
}

}  // namespace weir::http
