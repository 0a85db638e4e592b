#include "mesh/discovery/etcd_client.h"

#include <utility>

#include "core/base/plain_text.h"

namespace weir::mesh::etcd {
namespace {

using http::GrpcCode;
using http::GrpcReply;
using http::GrpcStatus;

constexpr std::size_t kMostMessage = 64_MiB;
constexpr std::size_t kMostCancelReason = 200;

}  // namespace

PrefixClient::PrefixClient(http::Client& client, Session::Options options, std::string prefix,
                           Events& events)
    : client_(client),
      session_(client, std::move(options)),
      prefix_(std::move(prefix)),
      end_(rangeEnd(prefix_)),
      events_(events),
      time_(client.loop().wheel(), *this) {}

PrefixClient::~PrefixClient() = default;

void PrefixClient::start() {
  watch_ = nullptr;
  time_.disarm();
  list();
}

void PrefixClient::list() {
  listing_.clear();
  bytes_ = 0;
  revision_ = 0;
  listPage();
}

// All pages are those of the revision of the first one.
void PrefixClient::listPage() {
  std::string from = prefix_;
  if (!listing_.empty()) from = listing_.rbegin()->first + '\0';
  session_.call("/etcdserverpb.KV/Range", rangeRequest({from, end_, kPage, revision_}),
                [this](const GrpcReply& reply) { onPage(reply); });
}

void PrefixClient::onPage(const GrpcReply& reply) {
  if (reply.status.code == GrpcCode::kOutOfRange) return list();  // compacted meanwhile
  if (!reply.status.ok()) return fail(reply.status);
  auto response = readRangeResponse(reply.message);
  if (!response || response->revision <= 0) return fail("the answer is malformed");
  if (revision_ == 0) revision_ = response->revision;
  const bool more = response->more && !response->values.empty();
  for (KeyValue& each : response->values) {
    bytes_ += each.key.size() + each.value.size();
    listing_.insert_or_assign(std::move(each.key), std::move(each.value));
  }
  if (bytes_ > kMostBytes) return fail("the keys and values exceed 64 MiB");
  if (more) return listPage();
  values_ = std::exchange(listing_, {});
  watch();
  events_.onValues(values_);
}

void PrefixClient::watch() {
  created_ = false;
  http::GrpcRequest request{.method = "/etcdserverpb.Watch/Watch",
                            .authority = session_.options().authority};
  request.metadata = session_.metadata();
  http::GrpcOptions how;
  how.deadline = Milliseconds(0);
  how.max_message = kMostMessage;
  how.purpose = "etcd";
  http::GrpcEvents& events = *this;
  watch_ =
      std::make_unique<http::GrpcCall>(client_, session_.options().upstream, request, how, events);
  watch_->send(asBytes(watchRequest(prefix_, end_, revision_ + 1)));
  time_.arm(kCreateTimeout);
}

void PrefixClient::onMessage(Bytes message) {
  auto response = readWatchResponse(asText(message));
  if (!response) return fail("the answer of the watch is malformed");
  onWatched(*response);
}

void PrefixClient::onWatched(WatchResponse& response) {
  if (response.compact_revision > 0) return start();  // the changes since then are not known
  if (response.canceled) {
    return fail("the watch was canceled: " + printable(response.cancel_reason, kMostCancelReason));
  }
  if (response.created) {
    created_ = true;
    // Shorter at random, so that a server that was restarted gets its share of the nodes again.
    const auto span = static_cast<std::uint64_t>(kLongestWatch.count() / 10);
    time_.arm(kLongestWatch - Milliseconds(static_cast<std::int64_t>(random_.below(span))));
  }
  for (WatchEvent& event : response.events) apply(event);
  if (bytes_ > kMostBytes) return fail("the keys and values exceed 64 MiB");
  if (!response.events.empty() && !response.fragment) events_.onValues(values_);
}

void PrefixClient::apply(WatchEvent& event) {
  const auto known = values_.find(event.pair.key);
  if (known != values_.end()) {
    bytes_ -= known->first.size() + known->second.size();
    values_.erase(known);
  }
  if (event.deleted || !event.pair.key.starts_with(prefix_)) return;
  bytes_ += event.pair.key.size() + event.pair.value.size();
  values_.emplace(std::move(event.pair.key), std::move(event.pair.value));
}

void PrefixClient::onEnd(const GrpcStatus& status) {
  if (status.code == GrpcCode::kOutOfRange) return start();  // compacted
  if (!status.ok()) return fail(status);
  fail("the server ended the watch");
}

void PrefixClient::onTime() {
  if (!created_) return fail("the watch was not created in time");
  start();
}

void PrefixClient::fail(const GrpcStatus& status) {
  session_.noteFailure(status);
  fail(Session::textOf(status));
}

void PrefixClient::fail(std::string_view why) {
  session_.cancel();
  watch_ = nullptr;
  time_.disarm();
  events_.onFailed(why);
}

}  // namespace weir::mesh::etcd
