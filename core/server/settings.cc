#include "core/server/settings.h"

#include "core/base/memory.h"
#include "core/config/table.h"
#include "core/proxy/listener_options.h"
#include "core/route/settings.h"
#include "core/upstream/cluster_options.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Role> kRoles[] = {{"gateway", Role::kGateway},
                                                        {"sidecar", Role::kSidecar}};

}  // namespace

void OverloadOptions::read(config::Table& table, OverloadOptions& out) {
  table.read("max_buffered", out.max_buffered,
             "Limit of the memory that holds bodies and heads, of the process. 0: none. Default: "
             "half of what the machine, the control group or the address space has left at the "
             "start.");
  table.read("refuse_connections", out.refuse_connections,
             "Fraction of max_buffered from which on new connections are refused.",
             {.min = 0.01, .max = 1.0});
  table.read("reset_streams", out.reset_streams,
             "Fraction of max_buffered from which on answers that their clients do not read fast "
             "enough are broken off.",
             {.min = 0.01, .max = 1.0});
}

std::uint64_t OverloadOptions::threshold(double fraction) const {
  static const std::uint64_t half = memoryAvailable() / 2;
  const std::uint64_t limit = max_buffered ? max_buffered->bytes : half;
  return static_cast<std::uint64_t>(static_cast<double>(limit) * fraction);
}

Settings::Settings() = default;
Settings::~Settings() = default;
Settings::Settings(const Settings&) = default;
Settings::Settings(Settings&&) noexcept = default;
Settings& Settings::operator=(const Settings&) = default;
Settings& Settings::operator=(Settings&&) noexcept = default;

void Settings::read(config::Table& table, Settings& out) {
  table.read("role", out.role, kRoles, "What this process is: it decides the defaults.");
  table.read("workers", out.workers, "Threads that carry traffic.",
             {.min = 1, .max = 1024, .none = "auto"});
  table.read("max_connections", out.max_connections,
             "Open connections of all listeners. 0: as many as the file descriptors allow.");
  table.read("drain_timeout", out.drain_timeout,
             "How long requests in flight may go on after SIGTERM.", {.min = 0ms, .max = 24h});
  table.read("overload", out.overload, "What is done when memory gets short.");
  table.read("listener", out.listeners, "Addresses that accept connections.");
  table.read("route", out.routes, "What becomes of a request.");
  table.read("upstream", out.upstreams,
             "Services that requests are forwarded to, or connections carried.");
}

}  // namespace weir::server
