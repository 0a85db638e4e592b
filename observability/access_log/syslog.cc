#include "observability/access_log/syslog.h"

#include <array>
#include <unistd.h>
#include <utility>

#include "core/base/plain_text.h"
#include "core/config/table.h"
#include "core/event/log_socket.h"
#include "observability/access_log/line.h"

namespace weir::access_log {
namespace {

constexpr std::pair<std::string_view, SyslogFacility> kFacilityNames[] = {
    {"user", SyslogFacility::kUser},     {"daemon", SyslogFacility::kDaemon},
    {"local0", SyslogFacility::kLocal0}, {"local1", SyslogFacility::kLocal1},
    {"local2", SyslogFacility::kLocal2}, {"local3", SyslogFacility::kLocal3},
    {"local4", SyslogFacility::kLocal4}, {"local5", SyslogFacility::kLocal5},
    {"local6", SyslogFacility::kLocal6}, {"local7", SyslogFacility::kLocal7}};

constexpr unsigned kInformational = 6;  // the severity

std::string hostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || !isVisibleAscii(name.data())) return "-";
  return name.data();
}

}  // namespace

void SyslogSettings::read(config::Table& table, SyslogSettings& out) {
  table.read("address", out.address,
             "Address of the server: \"udp://10.0.0.1:514\", \"tcp://10.0.0.1:601\" with a line "
             "feed behind each message, or \"unix:/dev/log\" for datagrams. An IP address, not a "
             "name.",
             {.required = true});
  table.read("facility", out.facility, kFacilityNames, "Facility of the messages.");
  table.read("app_name", out.app_name, "Name of the program in the messages.",
             {.min_size = 1, .max_size = 48});
  if (table.has("address") && !event::isLogAddress(out.address)) {
    table.fail("address", "is not an address such as \"udp://127.0.0.1:514\" or \"unix:/dev/log\"");
  }
  if (!isVisibleAscii(out.app_name)) table.fail("app_name", "is not ASCII without spaces");
}

SyslogHeader::SyslogHeader(const SyslogSettings& settings) {
  const unsigned priority = static_cast<unsigned>(settings.facility) * 8 + kInformational;
  before_ = "<" + std::to_string(priority) + ">1 ";
  after_ =
      " " + hostName() + " " + settings.app_name + " " + std::to_string(::getpid()) + " access - ";
}

std::size_t SyslogHeader::write(Nanoseconds wall_clock, std::span<char> room) const {
  Line line(room, room.size(), Escape::kPlain);
  line.raw(before_);
  line.time(wall_clock);
  line.raw(after_);
  return line.overflowed() ? 0 : line.size();
}

}  // namespace weir::access_log
