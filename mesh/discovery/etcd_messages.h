#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The messages of etcd's API (etcdserverpb, version 3) that weir exchanges.
namespace weir::mesh::etcd {

struct KeyValue {
  std::string key;
  std::string value;
};

struct RangeQuery {
  std::string_view from;      // the first key
  std::string_view end;       // after the last key
  std::int64_t limit = 0;     // keys of a page
  std::int64_t revision = 0;  // 0: the latest
};
std::string rangeRequest(const RangeQuery& query);

struct RangeResponse {
  std::int64_t revision = 0;
  std::vector<KeyValue> values;
  bool more = false;
};
std::optional<RangeResponse> readRangeResponse(std::string_view message);  // nullopt: malformed

// Watches the keys from `from` to `end`, from the revision on.
std::string watchRequest(std::string_view from, std::string_view end, std::int64_t revision);

struct WatchEvent {
  bool deleted = false;
  KeyValue pair;  // only the key, if it was deleted
};
struct WatchResponse {
  std::int64_t revision = 0;
  bool created = false;
  bool canceled = false;
  std::int64_t compact_revision = 0;
  std::string cancel_reason;
  bool fragment = false;  // more of the same revision follows
  std::vector<WatchEvent> events;
};
std::optional<WatchResponse> readWatchResponse(std::string_view message);

std::string authenticateRequest(std::string_view name, std::string_view password);
std::optional<std::string> readToken(std::string_view message);

std::string leaseGrantRequest(std::int64_t seconds);
std::string leaseKeepAliveRequest(std::int64_t id);
std::string leaseRevokeRequest(std::int64_t id);
struct LeaseResponse {
  std::int64_t id = 0;
  std::int64_t seconds = 0;  // 0: there is no such lease
};
std::optional<LeaseResponse> readLeaseResponse(std::string_view message);
// The key is removed when the lease ends.
std::string putRequest(std::string_view key, std::string_view value, std::int64_t lease);

// The end of the range of all keys that begin with the prefix.
std::string rangeEnd(std::string prefix);

}  // namespace weir::mesh::etcd
