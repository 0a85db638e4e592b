#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "observability/admin/page_request.h"
#include "observability/dashboard/history.h"
#include "observability/dashboard/samples.h"
#include "observability/dashboard/topology.h"

// The pages of the dashboard as JSON.
namespace weir::server {
class Discoveries;
}

namespace weir::dashboard {

// What the pages show.
struct Scene {
  const Topology& topology;
  const Samples& samples;
  const History& history;
  const NameTable& names;
  const server::Discoveries& discoveries;
  Nanoseconds wall{0};
  bool draining = false;
  std::size_t workers = 0;
};

std::string_view versionOfWeir();

// The rows of a table that a viewer sees.
struct Rows {
  static constexpr std::size_t kMost = 200;

  // ?sort=&filter=&offset=&limit=. False if a number is wrong.
  static bool read(const admin::PageRequest& request, Rows& rows);

  std::string sort = {};
  std::string filter = {};  // part of a name
  std::size_t offset = 0;
  std::size_t limit = 50;
};

std::string overviewJson(const Scene& scene, const Rows& rows);
std::string historyJson(const Scene& scene);
std::string routesJson(const Scene& scene, const Rows& rows);
std::string upstreamsJson(const Scene& scene, const Rows& rows);
std::string edgesJson(const Scene& scene);
std::string eventsJson(const Scene& scene, std::uint64_t after);
std::string certificatesJson(const Scene& scene);

}  // namespace weir::dashboard
