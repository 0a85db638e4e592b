#include <algorithm>
#include <utility>

#include "core/base/number.h"
#include "core/config/file_text.h"
#include "gateway/transform/error_pages/error_pages.h"

// The settings of the filter error_pages.
namespace weir::gateway {
namespace {

constexpr std::size_t kMostPages = 64;
constexpr std::size_t kMostPageBytes = 64 * 1024;
constexpr int kFirstError = 400;
constexpr int kLastError = 599;

constexpr std::pair<std::string_view, ErrorPages::Source> kErrorSources[] = {
    {"weir", ErrorPages::Source::kWeir},
    {"upstream", ErrorPages::Source::kUpstream},
    {"any", ErrorPages::Source::kAny},
};

std::optional<Reason> reasonNamed(std::string_view word) {
  for (int i = 1; i < kReasonCount; ++i) {
    if (toString(static_cast<Reason>(i)) == word) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

std::optional<PageTemplate> readPage(config::Table& table, std::string_view key,
                                     const std::optional<config::File>& file) {
  if (!file || !table.has(key)) return std::nullopt;
  const config::FileText read = config::readFileText(file->path);
  if (!read.error.empty()) {
    table.fail(key, "cannot be read: " + read.error);
    return std::nullopt;
  }
  if (read.text.size() > kMostPageBytes) {
    table.fail(key, "exceeds 64 KiB");
    return std::nullopt;
  }
  std::string why;
  auto page = PageTemplate::parse(read.text, why);
  if (!page) table.fail(key, why);
  return page;
}

}  // namespace

std::optional<ErrorPages::StatusRange> ErrorPages::StatusRange::parse(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parseNumber<int>(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parseNumber<int>(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  if (*first < kFirstError || *last > kLastError || *first > *last) return std::nullopt;
  return StatusRange{*first, *last};
}

void ErrorPages::Page::read(config::Table& table, Page& out) {
  table.read("statuses", out.statuses,
             "Statuses of the responses that the page replaces, such as `404` or `500-599`.",
             {.min_size = 1});
  table.read("reasons", out.reasons,
             "Reasons (docs/reasons.md) of weir's own responses that the page replaces. Default: "
             "all but those of the service that `forward_auth` asks, which has pages of its own.");
  table.read("html", out.html,
             "File with the page as HTML. Variables are escaped: `${response.status}`, "
             "`${response.phrase}`, `${response.reason}`, `${request.id}`, `${request.method}`, "
             "`${request.host}` and `${request.path}`.");
  table.read("json", out.json, "File with the page as JSON, with the same variables.");
  table.read("text", out.text, "File with the page as plain text, with the same variables.");
  table.read("from", out.from,
             "URL, or upstream and path, of the page instead of files; `${response.status}` in the "
             "path stands for the status. It is fetched when it is needed for the first time, and "
             "again every minute while it is used; responses do not wait for it, and stay as they "
             "are until it is there. At most 64 KiB.");
  table.read("replace_status", out.replace_status,
             "Status of the response instead of the original one.",
             {.min = kFirstError, .max = kLastError});
  out.complete(table);
}

void ErrorPages::Page::complete(config::Table& table) {
  ranges.clear();
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const auto range = StatusRange::parse(statuses[i]);
    if (!range) table.failElement("statuses", i, "is not a status such as 404 or 500-599");
    if (range) ranges.push_back(*range);
  }
  causes.clear();
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const auto reason = reasonNamed(reasons[i]);
    if (!reason) table.failElement("reasons", i, "is not a reason; docs/reasons.md lists them");
    if (reason) causes.push_back(*reason);
  }
  const bool files = table.has("html") || table.has("json") || table.has("text");
  if (!files && !table.has("from")) table.fail("", "has no page", "html = \"error.html\"");
  if (files && table.has("from")) table.fail("from", "cannot be used together with files");
  templates = {readPage(table, "json", json), readPage(table, "html", html),
               readPage(table, "text", text)};
}

void ErrorPages::Config::read(config::Table& table, Config& out) {
  table.read("source", out.source, kErrorSources,
             "Whose responses are replaced: those that weir generates, those of the upstream, or "
             "both. Responses to HEAD and of gRPC are not.");
  table.read("pages", out.pages,
             "Pages; the first one that fits a response is used. The client receives the format "
             "that it prefers by `Accept`. Default: a page for all errors in JSON (RFC 9457), HTML "
             "and text.",
             {.max_size = kMostPages});
}

}  // namespace weir::gateway
