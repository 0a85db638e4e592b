#include "mesh/discovery/file.h"

#include <utility>

#include "core/config/file_text.h"
#include "core/event/file_watch.h"
#include "mesh/discovery/sorted_endpoints.h"

namespace weir::mesh {
namespace {

constexpr std::pair<std::string_view, EndpointFormat> kFormats[] = {
    {"auto", EndpointFormat::kAuto},
    {"json", EndpointFormat::kJson},
    {"toml", EndpointFormat::kToml},
    {"lines", EndpointFormat::kLines}};

upstream::EndpointText readFile(const FileSettings& settings) {
  const config::FileText file = config::readFileText(settings.resolved);
  if (!file.error.empty()) return {{}, file.error};
  const EndpointFormat format =
      settings.format == EndpointFormat::kAuto ? endpointFormatOf(settings.path) : settings.format;
  return readEndpointFile(file.text, format);
}

class FileDiscovery final : public upstream::Discovery {
 public:
  FileDiscovery(event::Loop& loop, const FileSettings& settings)
      : settings_(settings), watch_(loop, settings.resolved, [this] { lookAgain(); }) {}

  void start(upstream::DiscoveryEvents& events) override {
    events_ = &events;
    lookAgain();
  }
  void lookAgain() override {
    upstream::EndpointText found = readFile(settings_);
    if (found.mistake.empty()) {
      events_->onEndpoints(sortedEndpoints(std::move(found.endpoints)));
    } else {
      events_->onDiscoveryFailed(settings_.resolved + ": " + found.mistake);
    }
  }

 private:
  const FileSettings settings_;
  upstream::DiscoveryEvents* events_ = nullptr;
  event::FileWatch watch_;
};

class FileSource final : public upstream::DiscoverySource {
 public:
  explicit FileSource(const FileSettings& settings) : settings_(settings) {}

  std::string identity() const override {
    return "file " + std::to_string(static_cast<int>(settings_.format)) + " " + settings_.resolved;
  }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<FileDiscovery>(tools.loop, settings_);
  }

 private:
  const FileSettings settings_;
};

}  // namespace

void FileSettings::read(config::Table& table, FileSettings& out) {
  table.read("path", out.path,
             "Path of the file, relative to the file that names it. It is read again when it "
             "changes.",
             {.min_size = 1, .required = true});
  table.read("format", out.format, kFormats,
             "Format of the file. auto: JSON or TOML if its name ends in .json or .toml, else "
             "lines with one address each.");
  if (!table.has("path")) return;
  out.resolved = config::pathBeside(table.location("path").file, out.path);
  const std::string mistake = readFile(out).mistake;
  if (!mistake.empty()) table.warn("path", "cannot be used yet: " + out.resolved + ": " + mistake);
}

std::shared_ptr<const upstream::DiscoverySource> makeFile(const FileSettings& settings) {
  return std::make_shared<const FileSource>(settings);
}

}  // namespace weir::mesh
