#include "core/route/hash_key.h"

#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "tests/core/route/fixture.h"

namespace weir::route {
namespace {

HashKey keyOf(const std::vector<std::string>& sources) {
  std::vector<Text> texts;
  for (const std::string& source : sources) {
    std::string why;
    texts.push_back(Text::compile(source, {}, why).value());
  }
  return HashKey(std::move(texts));
}

class HashKeyTest : public testing::Test {
 protected:
  HashKeyTest() {
    request.header("X-User", "ann").header("X-Empty", "");
    request.variables.client_address = "192.0.2.1";
  }
  std::optional<std::uint64_t> of(const std::vector<std::string>& sources) {
    return keyOf(sources).of(request.variables, request.arena());
  }

  TestRequest request{"example.com/users/7"};
};

TEST_F(HashKeyTest, IsTheHashOfTheFirstTextThatIsNotEmpty) {
  EXPECT_EQ(of({"${request.header.x-user}", "${client.address}"}), stableHash("ann"));
  EXPECT_EQ(of({"${request.header.x-empty}", "${client.address}"}), stableHash("192.0.2.1"));
  EXPECT_EQ(of({"${request.header.x-none}", "${client.address}"}), stableHash("192.0.2.1"));
  EXPECT_EQ(of({"${request.header.x-user}@${client.address}"}), stableHash("ann@192.0.2.1"));
}

TEST_F(HashKeyTest, MayBeACookie) {
  request.header("Cookie", "a=1; cart=7");
  EXPECT_EQ(of({"${request.cookie.cart}"}), stableHash("7"));
  EXPECT_EQ(of({"${request.cookie.Cart}", "${client.address}"}), stableHash("192.0.2.1"));
}

TEST_F(HashKeyTest, IsNoneIfAllAreEmpty) {
  EXPECT_EQ(of({"${request.header.x-none}", "${request.header.x-empty}"}), std::nullopt);
}

}  // namespace
}  // namespace weir::route
