#include "mesh/discovery/kubernetes_client.h"

#include <utility>

#include "core/base/plain_text.h"
#include "core/config/file_text.h"
#include "core/http/syntax.h"
#include "mesh/discovery/query_text.h"

namespace weir::mesh::kubernetes {
namespace {

constexpr int kGone = 410;
constexpr std::size_t kMostRefusal = 64 * 1024;

std::string textOfStatus(int status, std::string_view body) {
  std::string text = "status " + std::to_string(status);
  const std::string message = readStatusMessage(body);
  if (!message.empty()) text += ": " + message;
  return text;
}

}  // namespace

SliceClient::SliceClient(http::Client& client, Options options, Events& events)
    : client_(client),
      options_(std::move(options)),
      events_(events),
      silence_(client.loop().wheel(), *this) {}

SliceClient::~SliceClient() = default;

void SliceClient::startAgain() {
  version_.clear();
  start();
}

void SliceClient::start() {
  call_ = nullptr;
  silence_.disarm();
  if (!version_.empty()) {
    stage_ = Stage::kWatch;
    return watch();
  }
  initial_.clear();
  if (!offers_initial_events_) return beginList();
  stage_ = Stage::kInitialEvents;
  watch();
}

std::string SliceClient::path() const {
  return "/apis/discovery.k8s.io/v1/namespaces/" + queryText(options_.name_space) +
         "/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D" +
         queryText(options_.service);
}

// The token changes while the process runs.
std::vector<http::CallHeader> SliceClient::headers() {
  std::vector<http::CallHeader> headers = {{"accept", "application/json"}};
  if (options_.token_file.empty()) return headers;
  const config::FileText file = config::readFileText(options_.token_file);
  const std::string_view line = file.text;
  const std::string_view token = http::trimmed(line.substr(0, line.find_first_of("\r\n")));
  if (token.empty() || !isFieldText(token)) return headers;
  authorization_ = "Bearer " + std::string(token);
  headers.push_back({"authorization", authorization_});
  return headers;
}

void SliceClient::beginList() {
  stage_ = Stage::kList;
  initial_.clear();
  next_page_.clear();
  listPage();
}

void SliceClient::listPage() {
  std::string target = path() + "&limit=" + std::to_string(kPage);
  if (!next_page_.empty()) target += "&continue=" + queryText(next_page_);
  http::CallRequest request{.authority = options_.authority, .target = target};
  request.headers = headers();
  http::CallOptions how;
  how.timeout = kListTimeout;
  how.awaits_discovery = true;
  how.most_body = kMostList;
  how.purpose = "kubernetes";
  call_ = http::fetch(client_, options_.upstream, request, how,
                      [this](const http::Fetched& fetched) { onPage(fetched); });
}

void SliceClient::onPage(const http::Fetched& fetched) {
  if (!fetched.reply.ok()) return fail(fetched.reply.error().detail);
  const http::Reply& reply = fetched.reply.value();
  if (reply.status == kGone && !next_page_.empty()) return fail("the list expired between pages");
  if (reply.status != 200) return fail(textOfStatus(reply.status, reply.body));
  SliceList list = readSliceList(reply.body);
  if (!list.mistake.empty()) return fail(list.mistake);
  for (EndpointSlice& each : list.slices) {
    std::string name = each.name;
    initial_.insert_or_assign(std::move(name), std::move(each));
  }
  if (initial_.size() > kMostSlices) return fail("the service has too many EndpointSlices");
  next_page_ = std::move(list.next);
  if (!next_page_.empty()) return listPage();
  version_ = std::move(list.resource_version);
  slices_ = std::exchange(initial_, {});
  stage_ = Stage::kWatch;
  watch();
  report();
}

std::string SliceClient::watchTarget() {
  const auto spread = static_cast<std::uint64_t>(kShortestWatch.count());
  const auto limit = kShortestWatch.count() + static_cast<std::int64_t>(random_.below(spread));
  std::string target =
      path() + "&watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(limit);
  if (stage_ == Stage::kWatch) return target + "&resourceVersion=" + queryText(version_);
  return target + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=";
}

void SliceClient::watch() {
  line_.clear();
  body_.clear();
  status_ = 0;
  watching_since_ = client_.loop().now();
  const std::string target = watchTarget();
  http::CallRequest request{.authority = options_.authority, .target = target};
  request.headers = headers();
  http::CallOptions how;
  how.timeout = Milliseconds(0);
  how.awaits_discovery = true;
  how.purpose = "kubernetes";
  http::CallEvents& events = *this;
  call_ = client_.call(options_.upstream, request, how, events);
  silence_.arm(kListTimeout);  // until the head
}

void SliceClient::onHead(const http::Response& response) {
  status_ = response.status;
  silence_.arm(status_ == 200 ? kSilence : kListTimeout);
  const bool recovered = status_ == 200 && stage_ == Stage::kWatch && failing_;
  if (recovered) report();
}

void SliceClient::report() {
  failing_ = expired_ = false;
  events_.onSlices(slices_);
}

void SliceClient::onBody(Bytes bytes) {
  if (status_ != 200) {
    body_ += asText(bytes).substr(0, kMostRefusal - body_.size());
    return;
  }
  silence_.arm(kSilence);
  line_ += asText(bytes);
  takeLines();
}

// What arrives together is reported together.
void SliceClient::takeLines() {
  changed_ = false;
  std::string_view rest = line_;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const std::string line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (!takeLine(line)) return;
  }
  line_.erase(0, line_.size() - rest.size());
  if (line_.size() > kMostEvent) return fail("an event exceeds 16 MiB");
  if (changed_) report();
}

// False if the watch has ended.
bool SliceClient::takeLine(std::string_view line) {
  if (http::trimmed(line).empty()) return true;
  SliceEvent event = readSliceEvent(line);
  if (!event.mistake.empty()) {
    fail(event.mistake);
    return false;
  }
  return onEvent(event);
}

bool SliceClient::onEvent(SliceEvent& event) {
  using Kind = SliceEvent::Kind;
  if (event.kind == Kind::kError) {
    onWatchError(event);
    return false;
  }
  const bool initial = stage_ == Stage::kInitialEvents;
  EndpointSlices& slices = initial ? initial_ : slices_;
  if (event.kind == Kind::kDeleted) {
    slices.erase(event.slice.name);
  } else if (event.kind == Kind::kChanged) {
    std::string name = event.slice.name;
    slices.insert_or_assign(std::move(name), std::move(event.slice));
  }
  if (slices.size() > kMostSlices) {
    fail("the service has too many EndpointSlices");
    return false;
  }
  changed_ |= !initial && event.kind != Kind::kBookmark;
  if (initial && !event.initial_end) return true;
  if (!event.resource_version.empty()) version_ = event.resource_version;
  if (!initial) return true;
  slices_ = std::exchange(initial_, {});
  stage_ = Stage::kWatch;
  changed_ = true;
  return true;
}

void SliceClient::onWatchError(const SliceEvent& event) {
  if (event.code == kGone) return expired(event.message);
  fail("the watch failed: " + (event.message.empty() ? std::to_string(event.code) : event.message));
}

void SliceClient::onEnd(const http::Headers&) {
  if (status_ != 200) return onRefused();
  endWatch();
}

void SliceClient::onFailed(Reason, Error error) {
  if (status_ == 200) return endWatch();
  fail(error.detail);
}

void SliceClient::onRefused() {
  if (status_ == kGone) return expired("");
  const bool unknown = status_ == 400 || status_ == 403 || status_ == 422;
  if (stage_ == Stage::kInitialEvents && unknown) {
    offers_initial_events_ = false;  // or there are no rights, as the list will show
    return beginList();
  }
  fail(textOfStatus(status_, body_));
}

// The next one continues at once, unless they end one after the other.
void SliceClient::endWatch() {
  const bool whole = stage_ == Stage::kWatch;
  if (client_.loop().now() - watching_since_ < kShortWatch || !whole) {
    return fail("the server ended the watch");
  }
  start();
}

void SliceClient::onSilence() {
  if (status_ == 200 && stage_ == Stage::kWatch) return start();
  fail("no answer in time");
}

// The changes since then are not known any more: everything is listed, at once for the first time.
void SliceClient::expired(std::string_view why) {
  version_.clear();
  if (!std::exchange(expired_, true)) return start();
  fail("the watch expired" + (why.empty() ? std::string() : ": " + std::string(why)));
}

void SliceClient::fail(std::string_view why) {
  const std::string text(why);  // may belong to what ends
  call_ = nullptr;
  silence_.disarm();
  failing_ = true;
  events_.onFailed(text);
}

}  // namespace weir::mesh::kubernetes
