#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace weir::route {

// The protocols that clients of a route may switch to (RFC 9110, 7.8). Whatever follows a switch
// passes unseen by routes and filters, so that only listed protocols are forwarded.
class Upgrades {
 public:
  Upgrades() = default;  // of a route that says nothing: websocket
  explicit Upgrades(const std::vector<std::string>& protocols)
      : protocols_(std::make_unique<const std::vector<std::string>>(protocols)) {}

  // Why a protocol cannot be listed; empty when it can.
  static std::string_view faultOf(std::string_view protocol);

  bool allows(std::string_view protocol) const;
  // The first protocol that the request's Upgrade lists and that is allowed; empty for none.
  std::string_view choose(const http::Request& request) const;

 private:
  std::unique_ptr<const std::vector<std::string>> protocols_;  // null: the default
};

}  // namespace weir::route
