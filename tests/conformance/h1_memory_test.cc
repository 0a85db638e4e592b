#include <string>

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "tests/support/codec_relay.h"

// The memory that a peer can make the codecs retain, with many small reads or much repetition.
namespace weir::conformance {
namespace {

using test::CodecRelay;

constexpr std::size_t kBound = 256_KiB;

void sendByteByByte(CodecRelay& relay, const std::string& text) {
  for (const char c : text) relay.clientSends({&c, 1});
}

TEST(H1Memory, AHeadThatComesByteByByteIsKeptOnce) {
  CodecRelay relay(CodecRelay::Answers::kNever);
  sendByteByByte(relay, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(8000, 'v'));
  EXPECT_LE(relay.memory(), kBound);
}

TEST(H1Memory, TrailersThatComeByteByByteAreKeptOnce) {
  CodecRelay relay(CodecRelay::Answers::kNever);
  relay.clientSends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ");
  sendByteByByte(relay, std::string(8000, 'v'));
  EXPECT_LE(relay.memory(), kBound);
}

TEST(H1Memory, ABodyIsNotKept) {
  CodecRelay relay(CodecRelay::Answers::kNever);
  relay.clientSends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 5000; ++i) relay.clientSends("3e8;a=b\r\n" + std::string(1000, 'x') + "\r\n");
  EXPECT_LE(relay.memory(), kBound);
}

TEST(H1Memory, InformationalResponsesAreNotKept) {
  CodecRelay relay(CodecRelay::Answers::kNever);
  relay.clientSends("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 1000; ++i) {
    relay.upstreamSends("HTTP/1.1 103 Early Hints\r\nLink: " + std::string(1000, 'l') + "\r\n\r\n");
  }
  EXPECT_LE(relay.memory(), kBound);
}

}  // namespace
}  // namespace weir::conformance
