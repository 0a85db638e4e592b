#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "mesh/discovery/endpoint_slice.h"

namespace {

using weir::mesh::kubernetes::ChosenEndpoints;
using weir::mesh::kubernetes::EndpointSlice;
using weir::mesh::kubernetes::EndpointSlices;
using weir::mesh::kubernetes::SliceEvent;
using weir::mesh::kubernetes::SliceFamily;

void checkChosen(const EndpointSlices& slices, std::string_view port) {
  for (const SliceFamily family : {SliceFamily::kAuto, SliceFamily::kIpv4, SliceFamily::kIpv6}) {
    const ChosenEndpoints chosen = weir::mesh::kubernetes::chooseEndpoints(slices, port, family);
    WEIR_CHECK(chosen.mistake.empty() || chosen.endpoints.empty());
    for (const auto& each : chosen.endpoints) {
      WEIR_CHECK(!each.address.isUnix() && each.address.port() > 0);
    }
  }
}

}  // namespace

// Any page of a list, and any event of a watch, is refused or leads to usable endpoints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  EndpointSlices slices;
  for (EndpointSlice& each : weir::mesh::kubernetes::readSliceList(text).slices) {
    std::string name = each.name;
    slices.insert_or_assign(std::move(name), std::move(each));
  }
  SliceEvent event = weir::mesh::kubernetes::readSliceEvent(text);
  if (event.mistake.empty() && event.kind == SliceEvent::Kind::kChanged) {
    std::string name = event.slice.name;
    WEIR_CHECK(!name.empty());
    slices.insert_or_assign(std::move(name), std::move(event.slice));
  }
  for (const std::string_view port : {"", "http", "80"}) checkChosen(slices, port);
  weir::mesh::kubernetes::readStatusMessage(text);
  return 0;
}
