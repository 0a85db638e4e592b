#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/auth/file_table.h"

namespace weir::gateway::basic {

// The users of a file of htpasswd, "NAME:HASH" in each line. Immutable.
class UserTable {
 public:
  static FileContent<UserTable> read(const std::string& path);

  // The hash of the user's password; of an unknown user, a hash of similar cost that no password
  // has.
  std::string_view hashFor(std::string_view name) const;
  bool knows(std::string_view name) const { return hashes_.find(name) != hashes_.end(); }
  std::size_t size() const { return hashes_.size(); }

  // What is wrong with the line; empty: nothing.
  std::string add(std::string_view line);

 private:
  struct HashText {
    // NOLINTNEXTLINE(readability-identifier-naming): the name is that of the standard library
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unordered_map<std::string, std::string, HashText, std::equal_to<>> hashes_;
  std::string nobody_;  // for unknown users
};

// A name that can be sent: without colon and control characters (RFC 7617, 2).
bool isUserName(std::string_view name);

}  // namespace weir::gateway::basic
