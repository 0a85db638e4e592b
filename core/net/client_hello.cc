#include "core/net/client_hello.h"

#include <algorithm>
#include <utility>

#include "core/base/lower_case.h"
#include "core/net/byte_at.h"

namespace weir::net {
namespace {

constexpr std::size_t kRecordHead = 5;
constexpr std::size_t kMaxFragment = 16 * 1024;  // of an unencrypted record
constexpr std::size_t kMessageHead = 4;
constexpr std::size_t kClientHelloType = 1;
constexpr unsigned kVersionMajor = 3;
constexpr std::size_t kMaxName = 255;

enum Extension : unsigned { kServerNameExtension = 0, kAlpnExtension = 16 };

// Takes numbers and texts from the front of a message; after a truncated one, good() is false and
// all further results are empty.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (const char byte : text(bytes)) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
  }
  std::string_view text(std::size_t bytes) {
    if (bytes > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  // The text after a length of that many bytes.
  std::string_view vector(std::size_t length_bytes) { return text(number(length_bytes)); }

  bool good() const { return good_; }
  bool atEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

bool isNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// RFC 6066, 3: one name of the only defined type.
bool readServerName(std::string_view body, ClientHello& out) {
  constexpr std::size_t kHostName = 0;
  Cursor extension(body);
  Cursor list(extension.vector(2));
  const std::size_t type = list.number(1);
  std::string_view name = list.vector(2);
  if (!extension.good() || !extension.atEnd() || !list.good() || !list.atEnd()) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (type != kHostName || name.empty() || name.size() > kMaxName) return false;
  out.server_name = lowerCase(name);
  return std::all_of(out.server_name.begin(), out.server_name.end(), isNameByte);
}

// RFC 7301, 3.1: neither the list nor a name may be empty.
bool readProtocols(std::string_view body, ClientHello& out) {
  Cursor extension(body);
  const std::string_view list = extension.vector(2);
  if (!extension.good() || !extension.atEnd() || list.empty()) return false;
  Cursor names(list);
  while (!names.atEnd()) {
    if (names.vector(1).empty()) return false;
  }
  out.protocols = list;
  return names.good();
}

bool readExtensions(std::string_view extensions, ClientHello& out) {
  Cursor rest(extensions);
  bool named = false;
  bool offered = false;
  while (!rest.atEnd()) {
    const std::size_t type = rest.number(2);
    const std::string_view body = rest.vector(2);
    if (!rest.good()) return false;
    // None may occur twice (RFC 8446, 4.2): parsers could differ on which of them counts.
    if (type == kServerNameExtension &&
        (std::exchange(named, true) || !readServerName(body, out))) {
      return false;
    }
    if (type == kAlpnExtension && (std::exchange(offered, true) || !readProtocols(body, out)))
      return false;
  }
  return true;
}

bool readMessage(std::string_view message, ClientHello& out) {
  constexpr std::size_t kRandom = 32;
  constexpr std::size_t kMaxSession = 32;
  Cursor cursor(message);
  const std::size_t version = cursor.number(2);
  cursor.text(kRandom);
  const std::string_view session = cursor.vector(1);
  const std::string_view ciphers = cursor.vector(2);
  const std::string_view compressions = cursor.vector(1);
  if (!cursor.good() || version >> 8U != kVersionMajor || session.size() > kMaxSession) {
    return false;
  }
  if (ciphers.empty() || ciphers.size() % 2 != 0 || compressions.empty()) return false;
  if (cursor.atEnd()) return true;  // TLS 1.2 without extensions
  const std::string_view extensions = cursor.vector(2);
  return cursor.good() && cursor.atEnd() && readExtensions(extensions, out);
}

// The payload of one handshake record.
struct Record {
  HelloRead outcome = HelloRead::kMore;
  std::string_view fragment;  // as far as received
};

// Examines the bytes received so far, so that another protocol is recognized by its first byte.
Record takeRecord(std::string_view& wire) {
  if (wire.empty()) return {};
  if (wire[0] != kHandshakeRecord) return {HelloRead::kNotTls, {}};
  if (wire.size() > 1 && byteAt(wire, 1) != kVersionMajor) return {HelloRead::kNotTls, {}};
  if (wire.size() < kRecordHead) return {};
  const std::size_t size = byteAt(wire, 3) << 8U | byteAt(wire, 4);
  if (size == 0 || size > kMaxFragment) return {HelloRead::kBroken, {}};
  const std::string_view fragment = wire.substr(kRecordHead, size);
  wire.remove_prefix(kRecordHead + fragment.size());
  return {HelloRead::kComplete, fragment};
}

// The message carried by records, copied only if there are several.
class Gathered {
 public:
  void add(std::string_view fragment) {
    if (text_.empty()) {
      text_ = fragment;
      return;
    }
    if (joined_.empty()) joined_ = text_;
    text_ = joined_.append(fragment);
  }
  bool empty() const { return text_.empty(); }
  HelloRead read(ClientHello& out) const;

 private:
  std::string_view text_;
  std::string joined_;
};

HelloRead Gathered::read(ClientHello& out) const {
  Cursor head(text_);
  const std::size_t type = head.number(1);
  if (!text_.empty() && type != kClientHelloType) return HelloRead::kBroken;
  const std::size_t size = head.number(3);
  if (!head.good()) return HelloRead::kMore;
  if (size > ClientHello::kMaxBytes) return HelloRead::kBroken;
  const std::string_view body = text_.substr(kMessageHead, size);
  if (body.size() < size) return HelloRead::kMore;
  return readMessage(body, out) ? HelloRead::kComplete : HelloRead::kBroken;
}

}  // namespace

bool ClientHello::offers(std::string_view protocol) const {
  Cursor names(protocols);
  while (!names.atEnd()) {
    if (names.vector(1) == protocol) return true;
  }
  return false;
}

std::string_view ClientHello::soleProtocol() const {
  Cursor names(protocols);
  const std::string_view first = names.vector(1);
  return names.good() && names.atEnd() ? first : std::string_view();
}

HelloRead readClientHello(Bytes bytes, ClientHello& out) {
  out = {};
  std::string_view wire = asText(bytes).substr(0, ClientHello::kMaxBytes);
  Gathered message;
  while (true) {
    const Record record = takeRecord(wire);
    if (record.outcome == HelloRead::kMore) break;
    // Another type of record within a message is an error.
    if (record.outcome != HelloRead::kComplete) {
      return message.empty() ? record.outcome : HelloRead::kBroken;
    }
    message.add(record.fragment);
    const HelloRead outcome = message.read(out);
    if (outcome != HelloRead::kMore) return outcome;
  }
  return bytes.size() < ClientHello::kMaxBytes ? HelloRead::kMore : HelloRead::kBroken;
}

}  // namespace weir::net
