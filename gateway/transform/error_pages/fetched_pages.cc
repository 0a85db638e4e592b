#include "gateway/transform/error_pages/fetched_pages.h"

#include <utility>

namespace weir::gateway {
namespace {

std::string pathFor(const http::Target& target, int status) {
  std::string path = target.pathAndQuery();
  const std::size_t at = path.find(FetchedPages::kStatus);
  if (at != std::string::npos) {
    path.replace(at, FetchedPages::kStatus.size(), std::to_string(status));
  }
  return path;
}

// A service may respond with the status of its page.
bool isPage(const http::Reply& reply, int status) {
  return (reply.status >= 200 && reply.status <= 299) || reply.status == status;
}

}  // namespace

const FetchedPages::Page* FetchedPages::find(const Source& source, int status) {
  const auto known = entries_.find({&source, status});
  if (known == entries_.end() && entries_.size() >= kMost) return nullptr;
  Entry& entry = entries_[{&source, status}];
  if (entry.call == nullptr && loop_.now() >= entry.due) fetch(source, status, entry);
  return entry.page.get();
}

void FetchedPages::fetch(const Source& source, int status, Entry& entry) {
  const std::string path = pathFor(source.target, status);
  const std::string authority = source.target.authority();
  http::CallOptions options;
  options.timeout = kFetchLimit;
  options.most_body = kMostBytes;
  options.purpose = "error_pages";
  entry.call = http::fetch(
      client_, source.upstream,
      {.authority = authority, .target = path, .headers = {{"accept", "*/*"}}}, options,
      [this, status, &entry](const http::Fetched& fetched) { onFetched(status, fetched, entry); });
}

// A page that cannot be fetched again is kept.
void FetchedPages::onFetched(int status, const http::Fetched& fetched, Entry& entry) {
  const std::unique_ptr<http::Call> ended = std::move(entry.call);
  const bool good = fetched.reply.ok() && isPage(fetched.reply.value(), status);
  entry.due = loop_.now() + (good ? kFresh : kRetry);
  if (!good) return;
  const http::Reply& reply = fetched.reply.value();
  const std::string_view type = reply.header("content-type");
  entry.page = std::make_unique<Page>(
      Page{std::string(type.empty() ? "text/html; charset=utf-8" : type), reply.body});
}

}  // namespace weir::gateway
