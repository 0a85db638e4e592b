#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

// The admin interface of a running weir, as a command reaches it.
struct AdminTarget {
  std::string address = "127.0.0.1:9901";  // or "unix:/run/weir/admin.sock"
  std::string token_file = {};             // empty: the variable WEIR_ADMIN_TOKEN, or no token
};

// Asks the admin interface for pages. Blocks; for commands only. Plaintext.
class AdminClient {
 public:
  explicit AdminClient(AdminTarget target) : target_(std::move(target)) {}

  // The body of a page, at most 256 MiB; empty, with error() set, on failure.
  std::string get(const std::string& path);
  // Calls `on_line` for each line of the page, without its end, as it arrives, until the page ends
  // or `on_line` returns false. False, with error() set, on failure.
  using OnLine = std::function<bool(std::string_view line)>;
  bool follow(const std::string& method, const std::string& path, const OnLine& on_line);

  const std::string& error() const { return error_; }

 private:
  using OnBytes = std::function<bool(std::string_view bytes)>;
  int connect();
  bool fail(const std::string& what);
  std::string requestText(const std::string& method, const std::string& path);
  bool exchange(const std::string& method, const std::string& path, const OnBytes& on_bytes);
  struct Head {
    std::string text = {};  // and what follows, until the status is 200
    std::optional<int> status = {};
  };
  std::optional<bool> takeHead(std::string_view bytes, Head& head, const OnBytes& on_bytes);
  bool receive(int socket, const OnBytes& on_bytes);
  bool refused(int status, std::string_view body);

  const AdminTarget target_;
  std::string error_;
};

// Text as a value in a query.
std::string queryValue(std::string_view text);

}  // namespace weir
