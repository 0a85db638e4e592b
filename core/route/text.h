#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"

namespace weir::route {

// The variables that may be used between "${" and "}" in a text of the configuration.
enum class Variable : std::uint8_t {
  kRequestId,       // request.id
  kClientAddress,   // client.address
  kClientIdentity,  // client.identity: verified by its certificate
  kRequestMethod,   // request.method
  kRequestPath,     // request.path: without the query
  kRequestQuery,    // request.query: without the "?"
  kRequestHost,     // request.host: without the port
  kRequestScheme,   // request.scheme
  kRequestHeader,   // request.header.NAME
  kRequestCookie,   // request.cookie.NAME
  kQueryParameter,  // request.query.NAME, as sent
  kRouteName,       // route.name
  kCapture,         // capture.NAME, or capture.1 to capture.9
  kUpstreamName,    // upstream.name
  kResponseStatus,  // response.status
  kResponseHeader,  // response.header.NAME
};

struct VariableUse {
  Variable variable = Variable::kRequestId;
  std::uint8_t capture = 0;  // the number of a kCapture
  std::string name;          // of a header or query parameter
};

// Provides the values of variables.
class Variables {
 public:
  virtual ~Variables() = default;
  // Empty if there is no value. Valid until the exchange ends.
  virtual std::string_view value(const VariableUse& use) const = 0;
};

// The values to which a text may refer, depending on its setting.
struct TextScope {
  const std::vector<std::string>* capture_names = nullptr;  // [0] is capture 1; null for none
  bool has_response = false;
  bool has_route = true;  // false: the route is not known yet
};

// A text of the configuration with variables: "${request.method} by ${client.address}". "$$" is a
// dollar sign. Compiled once, expanded for each message.
class Text {
 public:
  Text() = default;  // the empty text
  // Nothing, with `why` set, if it names an unknown variable or is malformed.
  static std::optional<Text> compile(std::string_view source, const TextScope& scope,
                                     std::string& why);

  bool isConstant() const { return pieces_.empty(); }
  bool empty() const { return isConstant() && tail_.empty(); }
  const std::string& constant() const { return tail_; }  // the whole text when isConstant()

  // Safe for a header value: control bytes of values are dropped. A constant text is a view into
  // this object, others are in the arena.
  std::string_view expand(const Variables& variables, Arena& arena) const;
  // Safe for a path: every byte of a value except letters, digits, "-", ".", "_" and "~" is
  // percent-encoded, including "/", exactly once: an escape in a value from the request's query is
  // not encoded again. Captures and the request's path already have this form and keep their
  // slashes.
  std::string_view expandAsPath(const Variables& variables, Arena& arena) const;
  // Safe for the value of a query parameter: as above, but without an exception for captures and
  // the path. A "+" from the request's query stays, since it may stand for a space.
  std::string_view expandAsQuery(const Variables& variables, Arena& arena) const;

 private:
  struct Piece {
    std::string literal;  // before the value
    VariableUse use;
  };
  template <typename AppendValue>
  std::string_view build(const Variables& variables, Arena& arena, AppendValue append_value) const;

  std::vector<Piece> pieces_;
  std::string tail_;  // after the last value
};

}  // namespace weir::route
