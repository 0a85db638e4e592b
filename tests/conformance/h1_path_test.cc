#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/route/path.h"
#include "tests/conformance/h1_request_cases.h"
#include "tests/support/codec_relay.h"
#include "tests/support/raw_message.h"

// The paths of the corpus, normalized as in the gateway role, after the codec.
namespace weir::conformance {
namespace {

// The target that the codec forwards; empty if it refuses the request.
std::string targetBehindCodec(std::string_view bytes) {
  test::CodecRelay relay(test::CodecRelay::Answers::kAtOnce);
  relay.clientSends(bytes);
  if (relay.upstreams().empty()) return "";
  std::string_view text = relay.upstreams().front().wire.text();
  const std::string line = test::takeRequest(text).start_line;
  const std::size_t begin = line.find(' ') + 1;
  return line.substr(begin, line.rfind(' ') - begin);
}

std::string normalTarget(std::string_view bytes) {
  const std::string target = targetBehindCodec(bytes);
  const std::size_t question = std::min(target.find('?'), target.size());
  BlockPool blocks(4096);
  Arena arena(blocks);
  const auto path = route::normalizePath(std::string_view(target).substr(0, question), {}, arena);
  return path.ok() ? std::string(path.value().text) + target.substr(question) : "refused";
}

TEST(H1Paths, AreNormalOrRefused) {
  for (const RequestCase& each : requestPathCases()) {
    const std::string expected =
        each.expect == Expect::kReject ? "refused" : std::string(each.forwarded.front().target);
    EXPECT_EQ(normalTarget(each.bytes), expected) << each.name;
  }
}

}  // namespace
}  // namespace weir::conformance
