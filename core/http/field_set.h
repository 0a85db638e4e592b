#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

// Whether servers with CGI, WSGI or similar interfaces may map both names to one variable: case is
// ignored, and any byte that is neither letter nor digit counts as a hyphen.
bool isSameField(std::string_view one, std::string_view other);

// Names of fields, each in every spelling that is the same field: X_User is X-User.
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
