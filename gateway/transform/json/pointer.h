#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::gateway::json {

// A JSON pointer (RFC 6901): the names of members and the indexes of elements on the way to a
// value.
class Pointer {
 public:
  static constexpr std::size_t kMaxTokens = 32;
  static constexpr std::size_t kMaxIndex = 10'000;
  static constexpr std::string_view kEach = "*";  // all elements of an array

  // Nothing, with `why` set, if the text is not a pointer. Where `several`, "*" stands for all
  // elements of an array.
  static std::optional<Pointer> parse(std::string_view text, bool several, std::string& why);
  // The number of an element; nothing if the token is not one, or beyond kMaxIndex.
  static std::optional<std::size_t> indexOf(std::string_view token);

  const std::vector<std::string>& tokens() const { return tokens_; }
  bool several() const { return several_; }

  friend bool operator==(const Pointer&, const Pointer&) = default;

 private:
  std::vector<std::string> tokens_;  // unescaped
  bool several_ = false;
};

}  // namespace weir::gateway::json
