#include "mesh/discovery/endpoint_file.h"

#include <gtest/gtest.h>

namespace weir::mesh {
namespace {

using upstream::EndpointText;

EndpointText json(std::string_view text) { return readEndpointFile(text, EndpointFormat::kJson); }
EndpointText toml(std::string_view text) { return readEndpointFile(text, EndpointFormat::kToml); }

TEST(EndpointFile, TheNameTellsTheFormat) {
  EXPECT_EQ(endpointFormatOf("/a/orders.json"), EndpointFormat::kJson);
  EXPECT_EQ(endpointFormatOf("orders.toml"), EndpointFormat::kToml);
  EXPECT_EQ(endpointFormatOf("orders.txt"), EndpointFormat::kLines);
  EXPECT_EQ(endpointFormatOf("orders"), EndpointFormat::kLines);
}

TEST(EndpointFile, EveryFormatSaysTheSame) {
  const auto expected = readEndpointFile(
      "10.0.0.1:80\n10.0.0.2:81 weight=3 priority=1 zone=a draining=true version=2\n",
      EndpointFormat::kLines);
  ASSERT_EQ(expected.mistake, "");
  const auto from_json = json(R"({"endpoints": ["10.0.0.1:80", {"address": "10.0.0.2", "port": 81,
      "weight": 3, "priority": 1, "zone": "a", "draining": true, "metadata": {"version": "2"}}]})");
  EXPECT_EQ(from_json.mistake, "");
  EXPECT_EQ(from_json.endpoints, expected.endpoints);
  const auto from_array = json(R"(["10.0.0.1:80", {"address": "10.0.0.2:81", "weight": 3,
      "priority": 1, "zone": "a", "draining": true, "version": "2"}])");
  EXPECT_EQ(from_array.mistake, "");
  EXPECT_EQ(from_array.endpoints, expected.endpoints);
  const auto from_toml = toml(
      "endpoints = [\"10.0.0.1:80\", { address = \"10.0.0.2:81\", weight = 3, priority = 1, zone = "
      "\"a\", "
      "draining = true, metadata = { version = \"2\" } }]");
  EXPECT_EQ(from_toml.mistake, "");
  EXPECT_EQ(from_toml.endpoints, expected.endpoints);
}

TEST(EndpointFile, NoEndpointsAreAllowed) {
  for (const auto& found : {json("[]"), json(R"({"endpoints": []})"), toml("endpoints = []"),
                            readEndpointFile("", EndpointFormat::kLines)}) {
    EXPECT_EQ(found.mistake, "");
    EXPECT_TRUE(found.endpoints.empty());
  }
}

TEST(EndpointFile, NamesLineAndColumnOfAMistake) {
  EXPECT_EQ(json("{\n  \"endpoints\": [,]}").mistake, "2:17: is not JSON");
  EXPECT_EQ(json("[\"10.0.0.1:80\",\n  {\"address\": \"[,]\\\"\", \"x\": 1}]").mistake,
            "2:3: endpoints[1]: address must be an IP address with a port");
  EXPECT_EQ(json("{\"endpoints\": [\n{\"address\": \"10.0.0.1:80\"},\n"
                 " {\"address\": \"10.0.0.1\", \"port\": 0}]}")
                .mistake,
            "3:2: endpoints[1]: port must be a number from 1 to 65535");
  EXPECT_EQ(json("[{\"address\": \"10.0.0.1:80\", \"wieght\": 1}]").mistake,
            "1:2: endpoints[0]: wieght is not known");
  EXPECT_EQ(json("[{\"address\": \"10.0.0.1:80\", \"weight\": 1.5}]").mistake,
            "1:2: endpoints[0]: weight must be a number from 0 to 1000000");
  EXPECT_EQ(json("[\"10.0.0.1:80\", \"10.0.0.1:80\"]").mistake,
            "1:17: endpoints[1]: is there twice");
  EXPECT_EQ(json("{}").mistake,
            "1:1: must be an array, or an object whose only member is the array endpoints");
  EXPECT_EQ(toml("endpoints = [\n  \"10.0.0.1:80\",\n  { address = \"orders:80\" }]").mistake,
            "3:15: endpoints[1].address: is not an IP address; for a name use discovery = { dns = "
            "\"orders:80\" }");
  EXPECT_EQ(toml("endpoints = [").mistake.substr(0, 2), "1:");
}

TEST(EndpointFile, HasALimit) {
  const std::string comment(kMostEndpointFile - 12, '#');
  EXPECT_EQ(readEndpointFile("10.0.0.1:80\n" + comment, EndpointFormat::kLines).mistake, "");
  EXPECT_EQ(readEndpointFile("10.0.0.1:80\n#" + comment, EndpointFormat::kLines).mistake,
            "1:1: is larger than 16 MiB");
}

}  // namespace
}  // namespace weir::mesh
