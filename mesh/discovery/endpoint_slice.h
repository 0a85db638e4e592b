#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/address.h"
#include "core/upstream/endpoint.h"

// EndpointSlices of Kubernetes (discovery.k8s.io/v1), and the messages in which they arrive.
namespace weir::mesh::kubernetes {

inline constexpr std::size_t kMostList = 64_MiB;   // one page
inline constexpr std::size_t kMostEvent = 16_MiB;  // one line of a watch

struct SlicePort {
  std::string name;
  std::uint16_t number = 0;
  std::string app_protocol;
};

struct SliceEndpoint {
  IpAddress ip;
  bool draining = false;  // it still serves, but is about to end
  std::string zone;
  std::string node;
  std::string pod;
};

// A part of the endpoints of a service. Endpoints that do not serve are left out.
struct EndpointSlice {
  std::string name;
  std::vector<SlicePort> ports;  // of TCP
  std::vector<SliceEndpoint> endpoints;
};
using EndpointSlices = std::map<std::string, EndpointSlice, std::less<>>;  // by name

struct SliceList {
  std::vector<EndpointSlice> slices;
  std::string resource_version;
  std::string next;     // the token of the next page; empty: this is the last one
  std::string mistake;  // the answer cannot be used; empty: it can
};
SliceList readSliceList(std::string_view json);

struct SliceEvent {
  enum class Kind : std::uint8_t { kChanged, kDeleted, kBookmark, kError };
  Kind kind = Kind::kBookmark;
  EndpointSlice slice;           // only its name, if it was deleted
  std::string resource_version;  // empty: none
  bool initial_end = false;      // a bookmark: all that exists has been sent
  int code = 0;                  // of an error
  std::string message;           // of an error; printable
  std::string mistake;           // the event cannot be used; empty: it can
};
SliceEvent readSliceEvent(std::string_view json);

// The message of a Status, in answer to a request; printable, often empty.
std::string readStatusMessage(std::string_view json);

enum class SliceFamily : std::uint8_t { kAuto, kIpv4, kIpv6 };

struct ChosenEndpoints {
  std::vector<upstream::Endpoint> endpoints;
  std::string mistake;  // no endpoint can be used; empty: there is none, or some can
};
// The endpoints of all slices at a port, given by its name or number; empty: the only one. An
// endpoint in several slices is draining only if it is so in all. kAuto: IPv4 unless all slices
// with endpoints are of IPv6.
ChosenEndpoints chooseEndpoints(const EndpointSlices& slices, std::string_view port,
                                SliceFamily family);

}  // namespace weir::mesh::kubernetes
