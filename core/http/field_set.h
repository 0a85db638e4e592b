#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

// Names of fields, each in every spelling that a server may confuse with it: case is ignored, and
// any byte that is neither letter nor digit counts as a hyphen, so that X_User is X-User.
class FieldSet {
 public:
  static constexpr std::size_t kMaxName = 128;  // longer ones are never found

  // Names with a HeaderId are left out: they have a meaning of their own in requests.
  void add(std::string_view name);
  void add(const FieldSet& other);
  bool empty() const { return names_.empty(); }
  bool contains(std::string_view name) const {
    return ((lengths_ >> (name.size() % 64)) & 1) != 0 && find(name);
  }
  const std::vector<std::string>& names() const { return names_; }  // sorted, in lower case

 private:
  bool find(std::string_view name) const;

  std::uint64_t lengths_ = 0;  // modulo 64
  std::vector<std::string> names_;
};

}  // namespace weir::http
