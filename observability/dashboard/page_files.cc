#include "observability/dashboard/page_files.h"

#include <span>
#include <string>
#include <utility>

namespace weir::dashboard {

std::span<const PageFile> embeddedFiles();  // in the source that the build generates

namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::pair<std::string_view, std::string_view> kContentTypes[] = {
    {".html", admin::kHtml},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

std::string_view contentTypeOf(std::string_view name) {
  for (const auto& [ending, type] : kContentTypes) {
    if (name.ends_with(ending)) return type;
  }
  return admin::kPlainText;
}

}  // namespace

admin::PageReply pageFile(std::string_view path) {
  constexpr std::string_view kFolder = "/dashboard/";
  std::string_view name = path.starts_with(kFolder) ? path.substr(kFolder.size()) : kIndex;
  if (name.empty()) name = kIndex;
  for (const PageFile& file : embeddedFiles()) {
    if (file.name == name)
      return {.content_type = contentTypeOf(name), .body = std::string(file.text)};
  }
  return admin::errorReply(404, "the dashboard has no such file");
}

}  // namespace weir::dashboard
