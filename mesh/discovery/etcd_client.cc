#include "mesh/discovery/etcd_client.h"

#include <utility>

#include "core/base/plain_text.h"

namespace weir::mesh::etcd {
namespace {

using http::GrpcCode;
using http::GrpcReply;
using http::GrpcStatus;

constexpr std::size_t kMostMessage = 64_MiB;
constexpr std::size_t kMostReason = 200;

// The token has expired, or users and roles have changed since it was made.
bool wantsNewToken(const GrpcStatus& status) {
  return status.code == GrpcCode::kUnauthenticated || status.code == GrpcCode::kInvalidArgument;
}

}  // namespace

PrefixClient::PrefixClient(http::Client& client, Options options, Events& events)
    : client_(client),
      options_(std::move(options)),
      end_(rangeEnd(options_.prefix)),
      events_(events),
      time_(client.loop().wheel(), *this) {}

PrefixClient::~PrefixClient() = default;

void PrefixClient::start() {
  unary_ = nullptr;
  watch_ = nullptr;
  time_.disarm();
  if (!options_.user.empty() && token_.empty()) return authenticate();
  list();
}

// With hasleader, a member that has lost the others refuses calls and ends watches, so that another
// member is asked.
std::vector<http::CallHeader> PrefixClient::metadata() const {
  std::vector<http::CallHeader> metadata = {{"hasleader", "true"}};
  if (!token_.empty()) metadata.push_back({"token", token_});
  return metadata;
}

void PrefixClient::unary(std::string_view method, const std::string& message,
                         std::function<void(GrpcReply)> done) {
  http::GrpcRequest request{.method = method, .authority = options_.authority};
  request.metadata = metadata();
  request.message = asBytes(message);
  http::GrpcOptions how;
  how.deadline = kTimeout;
  how.max_message = kMostMessage;
  how.awaits_discovery = true;
  how.purpose = "etcd";
  unary_ = http::grpcUnary(client_, options_.upstream, request, how, std::move(done));
}

void PrefixClient::authenticate() {
  unary("/etcdserverpb.Auth/Authenticate", authenticateRequest(options_.user, options_.password),
        [this](const GrpcReply& reply) {
          if (!reply.status.ok()) return fail(reply.status);
          const auto token = readToken(reply.message);
          if (!token || !isFieldText(*token)) return fail("the answer has no token");
          token_ = *token;
          list();
        });
}

void PrefixClient::list() {
  listing_.clear();
  bytes_ = 0;
  revision_ = 0;
  listPage();
}

// All pages are those of the revision of the first one.
void PrefixClient::listPage() {
  std::string from = options_.prefix;
  if (!listing_.empty()) from = listing_.rbegin()->first + '\0';
  unary("/etcdserverpb.KV/Range", rangeRequest({from, end_, kPage, revision_}),
        [this](const GrpcReply& reply) { onPage(reply); });
}

void PrefixClient::onPage(const GrpcReply& reply) {
  if (reply.status.code == GrpcCode::kOutOfRange) return list();  // compacted meanwhile
  if (!reply.status.ok()) return failOrRenew(reply.status);
  renewed_ = false;
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
  http::GrpcRequest request{.method = "/etcdserverpb.Watch/Watch", .authority = options_.authority};
  request.metadata = metadata();
  http::GrpcOptions how;
  how.deadline = Milliseconds(0);
  how.max_message = kMostMessage;
  how.purpose = "etcd";
  http::GrpcEvents& events = *this;
  watch_ = std::make_unique<http::GrpcCall>(client_, options_.upstream, request, how, events);
  watch_->send(asBytes(watchRequest(options_.prefix, end_, revision_ + 1)));
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
    return fail("the watch was canceled: " + printable(response.cancel_reason, kMostReason));
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
  if (event.deleted || !event.pair.key.starts_with(options_.prefix)) return;
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

void PrefixClient::failOrRenew(const GrpcStatus& status) {
  const bool renew = wantsNewToken(status) && !token_.empty() && !std::exchange(renewed_, true);
  if (!renew) return fail(status);
  token_.clear();
  start();
}

void PrefixClient::fail(const GrpcStatus& status) {
  if (wantsNewToken(status)) token_.clear();
  fail(status.message.empty() ? "gRPC status " + std::to_string(static_cast<int>(status.code))
                              : printable(status.message, kMostReason));
}

void PrefixClient::fail(std::string_view why) {
  unary_ = nullptr;
  watch_ = nullptr;
  time_.disarm();
  events_.onFailed(why);
}

}  // namespace weir::mesh::etcd
