#include "mesh/register/registrations.h"

#include <gtest/gtest.h>

namespace weir::mesh {
namespace {

net::Address at(std::string_view text) { return net::Address::parse(text).value(); }

// The address that is registered, or the mistake.
std::string registered(const RegisterSettings& settings,
                       const std::vector<BoundListener>& listeners,
                       std::optional<IpAddress> machine = std::nullopt) {
  std::string why;
  const auto address = registeredAddress(settings, listeners, machine, why);
  return address ? address->text() : why;
}

TEST(RegisteredAddress, IsGivenOrThatOfTheListener) {
  RegisterSettings settings;
  EXPECT_EQ(registered(settings, {{"web", at("10.0.0.1:80")}}), "10.0.0.1:80");
  EXPECT_EQ(registered(settings, {{"web", at("10.0.0.1:80")}, {"inbound", at("10.0.0.1:81")}}),
            "10.0.0.1:81");
  EXPECT_EQ(registered(settings, {{"web", at("10.0.0.1:80")}, {"other", at("10.0.0.1:81")}}),
            "there are several listeners: set listener or address");
  settings.listener = "web";
  EXPECT_EQ(registered(settings, {{"web", at("10.0.0.1:80")}, {"other", at("10.0.0.1:81")}}),
            "10.0.0.1:80");
  EXPECT_EQ(registered(settings, {}), "there is no listener \"web\"");
  settings.address = config::Address{.host = "fd00::1", .port = 82, .unix_path = {}};
  EXPECT_EQ(registered(settings, {}), "[fd00::1]:82");
}

TEST(RegisteredAddress, OfAllAddressesIsThatOfTheMachine) {
  const IpAddress machine = IpAddress::parse("10.0.0.9").value();
  for (const std::string_view everywhere : {"0.0.0.0:80", "[::]:80"}) {
    EXPECT_EQ(registered({}, {{"web", at(everywhere)}}, machine), "10.0.0.9:80");
    EXPECT_EQ(registered({}, {{"web", at(everywhere)}}),
              "the machine has no address but loopback: set address");
  }
  EXPECT_EQ(registered({}, {{"web", at("unix:/run/x")}}, machine),
            "listener \"web\" is a Unix socket: set address");
}

}  // namespace
}  // namespace weir::mesh
