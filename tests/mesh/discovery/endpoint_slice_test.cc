#include "mesh/discovery/endpoint_slice.h"

#include <gtest/gtest.h>

namespace weir::mesh::kubernetes {
namespace {

using Kind = SliceEvent::Kind;

// "10.0.0.1:80 10.0.0.2:80!": the chosen endpoints; those with "!" are draining.
std::string textOf(const ChosenEndpoints& chosen) {
  std::string text = chosen.mistake;
  for (const auto& each : chosen.endpoints) {
    text += (text.empty() ? "" : " ") + each.address.text() + (each.draining ? "!" : "");
  }
  return text;
}

EndpointSlices slicesIn(std::string_view items) {
  SliceList list = readSliceList(R"({"metadata": {"resourceVersion": "7"}, "items": [)" +
                                 std::string(items) + "]}");
  EXPECT_EQ(list.mistake, "");
  EndpointSlices slices;
  for (EndpointSlice& each : list.slices) {
    std::string name = each.name;
    slices.emplace(std::move(name), std::move(each));
  }
  return slices;
}

std::string slice(std::string_view name, std::string_view endpoints,
                  std::string_view ports = R"({"name": "http", "port": 80})") {
  return R"({"metadata": {"name": ")" + std::string(name) +
         R"("}, "addressType": "IPv4", "ports": [)" + std::string(ports) + R"(], "endpoints": [)" +
         std::string(endpoints) + "]}";
}

std::string endpoint(std::string_view address, std::string_view conditions) {
  return R"({"addresses": [")" + std::string(address) + R"("], "conditions": {)" +
         std::string(conditions) + "}}";
}

std::string chosen(std::string_view items, std::string_view port = "",
                   SliceFamily family = SliceFamily::kAuto) {
  return textOf(chooseEndpoints(slicesIn(items), port, family));
}

TEST(EndpointSlice, ConditionsDecideWhoServes) {
  EXPECT_EQ(
      chosen(slice(
          "a", endpoint("10.0.0.1", "") + "," + endpoint("10.0.0.2", R"("ready": null)") + "," +
                   endpoint("10.0.0.3", R"("ready": true, "serving": true)") + "," +
                   endpoint("10.0.0.4", R"("ready": false, "serving": true)") + "," +
                   endpoint("10.0.0.5", R"("ready": false, "serving": true, "terminating": true)") +
                   "," + endpoint("10.0.0.6", R"("ready": false, "terminating": true)") + "," +
                   endpoint("10.0.0.7",
                            R"("ready": false, "serving": false,
                                              "terminating": true)"))),
      "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.5:80! 10.0.0.6:80!");
}

TEST(EndpointSlice, AnEndpointInSeveralSlicesIsReadyIfItIsSoInOne) {
  const std::string draining =
      endpoint("10.0.0.1", R"("ready": false, "serving": true, "terminating": true)");
  const std::string ready = endpoint("10.0.0.1", R"("ready": true)");
  EXPECT_EQ(chosen(slice("a", draining) + "," + slice("b", ready)), "10.0.0.1:80");
  EXPECT_EQ(chosen(slice("a", ready) + "," + slice("b", draining)), "10.0.0.1:80");
  EXPECT_EQ(chosen(slice("a", draining) + "," + slice("b", draining)), "10.0.0.1:80!");
}

TEST(EndpointSlice, ThePortIsGivenByNameOrNumber) {
  const std::string ports = R"({"name": "http", "port": 80}, {"name": "admin", "port": 81},
                               {"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "none"})";
  const std::string one = slice("a", endpoint("10.0.0.1", ""), ports);
  EXPECT_EQ(chosen(one, "admin"), "10.0.0.1:81");
  EXPECT_EQ(chosen(one, "80"), "10.0.0.1:80");
  EXPECT_EQ(chosen(one, ""), "the service has several ports: set port");
  EXPECT_EQ(chosen(one, "dns"), "the service has no port \"dns\"");
  EXPECT_EQ(chosen(slice("a", "", ports), "dns"), "");  // there are no endpoints
  // A named port may differ from slice to slice.
  EXPECT_EQ(
      chosen(one + "," + slice("b", endpoint("10.0.0.2", ""), R"({"name": "http", "port": 8080})"),
             "http"),
      "10.0.0.1:80 10.0.0.2:8080");
  EXPECT_EQ(chosen(slice("a", endpoint("10.0.0.1", ""), R"({"port": 80})")), "10.0.0.1:80");
}

TEST(EndpointSlice, OneFamilyIsUsed) {
  const std::string both =
      slice("a", endpoint("10.0.0.1", "")) + "," + slice("b", endpoint("fd00::1", ""));
  EXPECT_EQ(chosen(both), "10.0.0.1:80");
  EXPECT_EQ(chosen(both, "", SliceFamily::kIpv6), "[fd00::1]:80");
  EXPECT_EQ(chosen(slice("b", endpoint("fd00::1", ""))), "[fd00::1]:80");
  EXPECT_EQ(chosen(R"({"metadata": {"name": "a"}, "addressType": "FQDN", "ports": [{"port": 80}],
                       "endpoints": [{"addresses": ["10.0.0.1"]}]})"),
            "");
}

TEST(EndpointSlice, KeepsZoneAndOrigin) {
  const auto slices = slicesIn(
      R"({"metadata": {"name": "a", "managedFields": [{"fieldsV1": {"f:x": {}}}]},
          "ports": [{"name": "grpc", "port": 80, "appProtocol": "kubernetes.io/h2c"}],
          "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.9"], "zone": "z", "nodeName": "n",
                         "targetRef": {"kind": "Pod", "name": "p"}}, {}, 7]})");
  const auto found = chooseEndpoints(slices, "grpc", SliceFamily::kAuto).endpoints;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].zone, "z");
  ASSERT_EQ(found[0].metadata.size(), 3U);
  EXPECT_EQ(found[0].metadata[0].second, "kubernetes.io/h2c");
  EXPECT_EQ(found[0].metadata[1].second, "n");
  EXPECT_EQ(found[0].metadata[2].second, "p");
}

TEST(SliceList, HasAVersionAndPages) {
  const SliceList list =
      readSliceList(R"({"metadata": {"resourceVersion": "7", "continue": "abc"}, "items": []})");
  EXPECT_EQ(list.mistake, "");
  EXPECT_EQ(list.resource_version, "7");
  EXPECT_EQ(list.next, "abc");
  EXPECT_EQ(readSliceList("{}").mistake, "the answer has no resourceVersion");
  EXPECT_EQ(readSliceList("{").mistake, "the answer is not JSON");
}

TEST(SliceEvent, IsOfSeveralKinds) {
  SliceEvent event = readSliceEvent(
      R"({"type": "ADDED", "object": {"metadata": {"name": "a", "resourceVersion": "8"}}})");
  EXPECT_EQ(event.kind, Kind::kChanged);
  EXPECT_EQ(event.slice.name + event.resource_version, "a8");
  event = readSliceEvent(R"({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9",
      "annotations": {"k8s.io/initial-events-end": "true"}}}})");
  EXPECT_EQ(event.kind, Kind::kBookmark);
  EXPECT_TRUE(event.initial_end);
  event = readSliceEvent(
      R"({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old\n"}})");
  EXPECT_EQ(event.kind, Kind::kError);
  EXPECT_EQ(event.code, 410);
  EXPECT_EQ(event.message, "too old?");
  EXPECT_EQ(readSliceEvent(R"({"type": "OTHER"})").mistake, "the event has an unknown type");
  EXPECT_EQ(readSliceEvent(R"({"type": "ADDED"})").mistake, "the event has no name");
  EXPECT_EQ(readSliceEvent("x").mistake, "the event is not JSON");
}

}  // namespace
}  // namespace weir::mesh::kubernetes
