#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/clock.h"

namespace weir::config {
class Table;
}

namespace weir::access_log {

// Numbers of the facilities (RFC 5424, 6.2.1).
enum class SyslogFacility : std::uint8_t {
  kUser = 1,
  kDaemon = 3,
  kLocal0 = 16,
  kLocal1,
  kLocal2,
  kLocal3,
  kLocal4,
  kLocal5,
  kLocal6,
  kLocal7,
};

// Lines as messages to a syslog server.
struct SyslogSettings {
  static constexpr std::string_view kShortKey = "address";

  std::string address;
  SyslogFacility facility = SyslogFacility::kLocal0;
  std::string app_name = "weir";

  static void read(config::Table& table, SyslogSettings& out);
  friend bool operator==(const SyslogSettings&, const SyslogSettings&) = default;
};

// The header of a message (RFC 5424, 6), before the text of the line.
class SyslogHeader {
 public:
  explicit SyslogHeader(const SyslogSettings& settings);
  // Returns the size; 0 if there is not enough room.
  std::size_t write(Nanoseconds wall_clock, std::span<char> room) const;

 private:
  std::string before_;  // the time
  std::string after_;
};

}  // namespace weir::access_log
