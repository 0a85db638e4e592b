#include "tools/weir/admin_client.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/base/number.h"
#include "core/config/file_text.h"

// Tested in tests/integration/tap_test.py and top_test.py.
namespace weir {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kScheme = "http://";
constexpr std::size_t kMostHead = 64 * 1024;
constexpr std::size_t kMostBody = 256 * 1024 * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// Closes the socket at the end of the scope.
struct Socket {
  explicit Socket(int its_descriptor) : descriptor(its_descriptor) {}
  ~Socket() {
    if (descriptor >= 0) ::close(descriptor);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  const int descriptor;
};

std::string failureText() { return std::generic_category().message(errno); }

std::string hostPart(std::string_view address) {
  if (address.starts_with(kScheme)) address.remove_prefix(kScheme.size());
  return std::string(address.substr(0, address.find('/')));
}

int connectUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket, raw, sizeof address) == 0) return socket;
  const int failure = errno;
  ::close(socket);
  errno = failure;
  return -1;
}

int connectAny(const addrinfo* list) {
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    const int socket = ::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;
    if (::connect(socket, each->ai_addr, each->ai_addrlen) == 0) return socket;
    const int failure = errno;
    ::close(socket);
    errno = failure;
  }
  return -1;
}

bool sendAll(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// "HTTP/1.1 200 OK": 200.
std::optional<int> statusOf(std::string_view head) {
  if (!head.starts_with("HTTP/1.") || head.size() < 12) return std::nullopt;
  return parseNumber<int>(head.substr(9, 3));
}

// The "detail" of an error page, or the beginning of the page.
std::string detailOf(std::string_view body) {
  constexpr std::string_view kDetail = "\"detail\": \"";
  const std::size_t at = body.find(kDetail);
  if (at == std::string_view::npos) return std::string(body.substr(0, 200));
  body.remove_prefix(at + kDetail.size());
  std::string detail;
  for (std::size_t i = 0; i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) ++i;  // an escaped quote
    detail += body[i];
  }
  return detail;
}

}  // namespace

bool AdminClient::fail(const std::string& what) {
  error_ = what;
  return false;
}

int AdminClient::connect() {
  if (target_.address.starts_with(kUnix)) {
    const int socket = connectUnix(target_.address.substr(kUnix.size()));
    if (socket < 0) fail("cannot connect to " + target_.address + ": " + failureText());
    return socket;
  }
  const std::string authority = hostPart(target_.address);
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos || authority.ends_with(']')) {
    fail("\"" + target_.address + "\": needs HOST:PORT or unix:PATH");
    return -1;
  }
  std::string host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "localhost";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure =
      ::getaddrinfo(host.c_str(), authority.substr(colon + 1).c_str(), &hints, &found);
  if (failure != 0) {
    fail("cannot resolve " + host + ": " + ::gai_strerror(failure));
    return -1;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  const int socket = connectAny(list.get());
  if (socket < 0) fail("cannot connect to " + authority + ": " + failureText());
  return socket;
}

// As HTTP/1.0, so that the body ends with the connection.
std::string AdminClient::requestText(const std::string& method, const std::string& path) {
  const bool local = target_.address.starts_with(kUnix);
  std::string text = method + " " + path + " HTTP/1.0\r\nHost: ";
  text += local ? "localhost" : hostPart(target_.address);
  text += "\r\nAccept: text/plain, application/json, application/jsonl\r\n";
  std::string token;
  if (!target_.token_file.empty()) {
    config::FileText file = config::readFileText(target_.token_file);
    if (!file.error.empty()) fail("cannot read " + target_.token_file + ": " + file.error);
    token = file.text.substr(0, file.text.find_first_of("\r\n"));
  } else if (const char* const variable = std::getenv("WEIR_ADMIN_TOKEN")) {
    token = variable;
  }
  if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
  return text + "\r\n";
}

bool AdminClient::exchange(const std::string& method, const std::string& path,
                           const OnBytes& on_bytes) {
  error_.clear();
  const std::string request = requestText(method, path);
  if (!error_.empty()) return false;
  const Socket socket(connect());
  if (socket.descriptor < 0) return false;
  if (!sendAll(socket.descriptor, request)) return fail("cannot send: " + failureText());
  return receive(socket.descriptor, on_bytes);
}

bool AdminClient::refused(int status, std::string_view body) {
  return fail(std::to_string(status) + ": " + detailOf(body));
}

// The result, if the reply is over: the head is not valid, or refuses the page.
std::optional<bool> AdminClient::takeHead(std::string_view bytes, Head& head,
                                          const OnBytes& on_bytes) {
  head.text += bytes;
  const std::size_t end = head.text.find(kHeadEnd);
  const bool whole = end != std::string::npos;
  if (head.text.size() > kMostHead || (bytes.empty() && !whole)) {
    return fail("the reply is not HTTP");
  }
  if (!whole) return std::nullopt;
  head.status = statusOf(head.text);
  const std::string body = head.text.substr(end + kHeadEnd.size());
  if (head.status == 200) {
    return body.empty() || on_bytes(body) ? std::nullopt : std::optional(true);
  }
  return bytes.empty() ? std::optional(refused(head.status.value_or(0), body)) : std::nullopt;
}

bool AdminClient::receive(int socket, const OnBytes& on_bytes) {
  std::array<char, 16 * 1024> room{};
  Head head;
  for (;;) {
    const ssize_t size = ::recv(socket, room.data(), room.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail("cannot receive: " + failureText());
    const std::string_view bytes(room.data(), static_cast<std::size_t>(size));
    if (head.status != 200) {
      if (const auto result = takeHead(bytes, head, on_bytes)) return *result;
    } else if (bytes.empty() || !on_bytes(bytes)) {
      return true;
    }
  }
}

std::string AdminClient::get(const std::string& path) {
  std::string page;
  const auto add = [&](std::string_view bytes) {
    page += bytes;
    return page.size() <= kMostBody;
  };
  return exchange("GET", path, add) ? page : std::string();
}

bool AdminClient::follow(const std::string& method, const std::string& path,
                         const OnLine& on_line) {
  std::string rest;
  return exchange(method, path, [&](std::string_view bytes) {
    rest += bytes;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const std::string_view lines = rest;
      if (!on_line(lines.substr(begin, end - begin))) return false;
    }
    rest.erase(0, begin);
    return rest.size() <= kMostHead;
  });
}

std::string queryValue(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return out;
}

}  // namespace weir
