#pragma once

#include <memory>
#include <string>

#include "core/config/table.h"
#include "core/upstream/discovery.h"
#include "mesh/discovery/endpoint_file.h"

namespace weir::mesh {

// `file = "orders.json"`, or { path = "...", format = "lines" }.
struct FileSettings {
  static constexpr std::string_view kShortKey = "path";

  std::string path;
  EndpointFormat format = EndpointFormat::kAuto;
  std::string resolved;  // the path, relative to the working directory

  static void read(config::Table& table, FileSettings& out);
  friend bool operator==(const FileSettings&, const FileSettings&) = default;
};

// Reads the endpoints from a file, which may be replaced at any time. While it cannot be read or
// contains a mistake, the endpoints read before stay in use.
std::shared_ptr<const upstream::DiscoverySource> makeFile(const FileSettings& settings);

}  // namespace weir::mesh
