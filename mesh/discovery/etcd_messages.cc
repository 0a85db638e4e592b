#include "mesh/discovery/etcd_messages.h"

#include "core/base/protobuf.h"

namespace weir::mesh::etcd {
namespace {

std::int64_t signedOf(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t unsignedOf(std::int64_t value) { return static_cast<std::uint64_t>(value); }

// Calls `take` for each field; false if the message is malformed, or if `take` says so.
template <typename Take>
bool readFields(std::string_view message, Take take) {
  ProtoReader reader(message);
  ProtoField field;
  while (reader.next(field)) {
    if (!take(field)) return false;
  }
  return !reader.malformed();
}

bool readRevision(std::string_view header, std::int64_t& out) {
  return readFields(header, [&](const ProtoField& field) {
    if (field.number == 3) out = signedOf(field.value);
    return true;
  });
}

bool readKeyValue(std::string_view message, KeyValue& out) {
  return readFields(message, [&](const ProtoField& field) {
    if (field.number == 1) out.key = field.text;
    if (field.number == 5) out.value = field.text;
    return true;
  });
}

bool readEvent(std::string_view message, WatchEvent& out) {
  return readFields(message, [&](const ProtoField& field) {
    if (field.number == 1) out.deleted = field.value == 1;
    return field.number != 2 || readKeyValue(field.text, out.pair);
  });
}

bool readWatchField(const ProtoField& field, WatchResponse& out) {
  switch (field.number) {
    case 1:
      return readRevision(field.text, out.revision);
    case 3:
      out.created = field.value != 0;
      return true;
    case 4:
      out.canceled = field.value != 0;
      return true;
    case 5:
      out.compact_revision = signedOf(field.value);
      return true;
    case 6:
      out.cancel_reason = field.text;
      return true;
    case 7:
      out.fragment = field.value != 0;
      return true;
    case 11:
      return readEvent(field.text, out.events.emplace_back());
    default:
      return true;
  }
}

}  // namespace

std::string rangeRequest(const RangeQuery& query) {
  return ProtoWriter()
      .text(1, query.from)
      .text(2, query.end)
      .number(3, unsignedOf(query.limit))
      .number(4, unsignedOf(query.revision))
      .bytes();
}

std::optional<RangeResponse> readRangeResponse(std::string_view message) {
  RangeResponse response;
  const bool good = readFields(message, [&](const ProtoField& field) {
    if (field.number == 1) return readRevision(field.text, response.revision);
    if (field.number == 2) return readKeyValue(field.text, response.values.emplace_back());
    if (field.number == 3) response.more = field.value != 0;
    return true;
  });
  if (!good) return std::nullopt;
  return response;
}

std::string watchRequest(std::string_view from, std::string_view end, std::int64_t revision) {
  ProtoWriter create;
  create.text(1, from).text(2, end).number(3, unsignedOf(revision));
  create.flag(4, true).flag(8, true);  // progress_notify, fragment
  return ProtoWriter().message(1, create).bytes();
}

std::optional<WatchResponse> readWatchResponse(std::string_view message) {
  WatchResponse response;
  const bool good =
      readFields(message, [&](const ProtoField& field) { return readWatchField(field, response); });
  if (!good) return std::nullopt;
  return response;
}

std::string authenticateRequest(std::string_view name, std::string_view password) {
  return ProtoWriter().text(1, name).text(2, password).bytes();
}

std::optional<std::string> readToken(std::string_view message) {
  std::string token;
  const bool good = readFields(message, [&](const ProtoField& field) {
    if (field.number == 2) token = field.text;
    return true;
  });
  if (!good || token.empty()) return std::nullopt;
  return token;
}

std::string leaseGrantRequest(std::int64_t seconds) {
  return ProtoWriter().number(1, unsignedOf(seconds)).bytes();
}

std::string leaseKeepAliveRequest(std::int64_t id) {
  return ProtoWriter().number(1, unsignedOf(id)).bytes();
}

std::string leaseRevokeRequest(std::int64_t id) { return leaseKeepAliveRequest(id); }

std::optional<LeaseResponse> readLeaseResponse(std::string_view message) {
  LeaseResponse response;
  const bool good = readFields(message, [&](const ProtoField& field) {
    if (field.number == 2) response.id = signedOf(field.value);
    if (field.number == 3) response.seconds = signedOf(field.value);
    return true;
  });
  if (!good) return std::nullopt;
  return response;
}

std::string putRequest(std::string_view key, std::string_view value, std::int64_t lease) {
  return ProtoWriter().text(1, key).text(2, value).number(3, unsignedOf(lease)).bytes();
}

// The prefix with its last byte incremented; etcd takes a NUL byte for "to the end of all keys".
std::string rangeEnd(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  if (prefix.empty()) return {'\0'};
  ++prefix.back();
  return prefix;
}

}  // namespace weir::mesh::etcd
