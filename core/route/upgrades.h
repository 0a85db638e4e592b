#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace weir::route {

// The protocols that clients of a route may switch to (RFC 9110, 7.8). Data after a switch bypasses
// routes and filters, so that only listed protocols are forwarded.
class Upgrades {
 public:
  Upgrades() = default;  // the default: websocket
  explicit Upgrades(const std::vector<std::string>& protocols)
      : protocols_(std::make_unique<const std::vector<std::string>>(protocols)) {}

  // The reason why a protocol cannot be listed; empty if it can.
  static std::string_view faultOf(std::string_view protocol);

  bool allows(std::string_view protocol) const;
  // The first allowed protocol that the request's Upgrade lists; empty if there is none.
  std::string_view choose(const http::Request& request) const;

 private:
  std::unique_ptr<const std::vector<std::string>> protocols_;  // null: the default
};

}  // namespace weir::route
