#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/arena.h"
#include "core/http/header_id.h"

namespace weir::http {

struct Header {
  std::string_view name;   // as received; compare with equalsIgnoringCase or by id
  std::string_view value;  // without surrounding white space
  HeaderId id = HeaderId::kOther;
};

// The header fields of one message, in order of arrival.
//
// Everything lies in the exchange's arena: the array, and every name and value that is set, which
// must be in that arena (Arena::copy) or static. Nothing is freed individually.
class Headers {
 public:
  explicit Headers(Arena& arena) : arena_(&arena) {}

  void add(std::string_view name, std::string_view value);
  void add(HeaderId id, std::string_view name, std::string_view value) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    seen_ |= bit(id);
    fields_[size_++] = {name, value, id};
  }
  void add(HeaderId id, std::string_view value) { add(id, headerName(id), value); }
  // Replaces the first field of that name and removes the others, or adds one.
  void set(std::string_view name, std::string_view value);
  void set(HeaderId id, std::string_view value);
  void remove(std::string_view name);
  void remove(HeaderId id);
  // Removes the fields for which `matches(field)` is true.
  template <typename Matches>
  void removeIf(Matches matches) {
    Header* const kept_end = std::remove_if(begin(), end(), matches);
    size_ = static_cast<std::uint32_t>(kept_end - fields_);
  }
  void clear() {
    size_ = 0;
    seen_ = 0;
  }

  // May be true for a header that was removed, never false for one that is present.
  bool mayHave(HeaderId id) const { return (seen_ & bit(id)) != 0; }
  const Header* find(HeaderId id) const;  // the first one, or null
  const Header* find(std::string_view name) const;
  std::optional<std::string_view> get(HeaderId id) const;
  std::optional<std::string_view> get(std::string_view name) const;
  // All values of that name joined with ", " (RFC 9110, 5.3), in the arena if there are several.
  std::optional<std::string_view> joined(std::string_view name) const;

  Header* begin() { return fields_; }
  Header* end() { return fields_ + size_; }
  const Header* begin() const { return fields_; }
  const Header* end() const { return fields_ + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Arena& arena() const { return *arena_; }

 private:
  static std::uint64_t bit(HeaderId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }
  void grow();

  Arena* arena_;
  Header* fields_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint64_t seen_ = 0;  // one bit for each id ever added; removals leave it set
};

}  // namespace weir::http
