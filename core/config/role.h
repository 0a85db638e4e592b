#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace weir::config {

// The role of the process. It determines defaults.
enum class Role : std::uint8_t { kGateway, kSidecar };

constexpr std::string_view nameOf(Role role) {
  return role == Role::kGateway ? "gateway" : "sidecar";
}

// A setting whose default depends on the role. It is declared with both defaults,
//
//   config::ByRole<Milliseconds> header_timeout{10s, 0s};  // gateway, sidecar
//
// read like a T, and used like a T once settle() (core/config/settings.h) has set the role.
template <typename T>
class ByRole {
 public:
  constexpr ByRole(T gateway, T sidecar)
      : value_(gateway), gateway_(std::move(gateway)), sidecar_(std::move(sidecar)) {}
  ByRole& operator=(T value) {
    value_ = std::move(value);
    given_ = true;
    return *this;
  }

  constexpr const T& value() const { return value_; }
  constexpr explicit(false) operator const T&() const { return value_; }
  bool given() const { return given_; }  // a value was assigned, which holds in any role
  const T& byDefault(Role role) const { return role == Role::kGateway ? gateway_ : sidecar_; }
  void settle(Role role) {
    if (!given_) value_ = byDefault(role);
  }

  friend bool operator==(const ByRole&, const ByRole&) = default;
  friend bool operator==(const ByRole& left, const T& right) { return left.value_ == right; }

 private:
  T value_;
  T gateway_;
  T sidecar_;
  bool given_ = false;
};

}  // namespace weir::config
