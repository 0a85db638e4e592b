#include "core/http/h1/unwanted_response.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::http::h1 {
namespace {

using Unwanted = UnwantedResponse::Event;

class UnwantedResponseTest : public ::testing::Test {
 protected:
  // The result of reading `step` bytes at a time, and the bytes left after the end.
  Unwanted read(UnwantedResponse& response, std::string_view bytes, std::size_t step) {
    left.clear();
    while (!bytes.empty()) {
      Bytes piece = asBytes(bytes.substr(0, step));
      const std::size_t size = piece.size();
      const Unwanted event = response.next(piece);
      bytes.remove_prefix(size - piece.size());
      if (event == Unwanted::kNeedMore) continue;
      left = bytes;
      return event;
    }
    return Unwanted::kNeedMore;
  }
  void expect(std::string_view bytes, Unwanted event, Method method = Method::kGet) {
    for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
      UnwantedResponse response(pool, method, limits);
      EXPECT_EQ(read(response, bytes, step), event) << bytes.substr(0, 200) << " by " << step;
      EXPECT_EQ(left, "");
    }
  }
  void expectFailure(std::string_view bytes) {
    for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
      UnwantedResponse response(pool, Method::kGet, limits);
      EXPECT_EQ(read(response, bytes, step), Unwanted::kFailed) << bytes.substr(0, 200);
    }
  }

  BlockPool pool{4096};
  Limits limits;
  std::string left;
};

TEST_F(UnwantedResponseTest, EndsWhereTheAnswerEnds) {
  expect("HTTP/1.1 204 No Content\r\n\r\n", Unwanted::kEnd);
  expect("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", Unwanted::kEnd);
  expect("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", Unwanted::kNeedMore);
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\na: b\r\n\r\n",
         Unwanted::kEnd);
  expect("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", Unwanted::kEnd, Method::kHead);
  expect("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", Unwanted::kEnd);
}

TEST_F(UnwantedResponseTest, InformationalOnesPrecedeIt) {
  expect("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", Unwanted::kNeedMore);
  expect("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
         Unwanted::kEnd);
}

TEST_F(UnwantedResponseTest, WhatComesBehindItIsLeft) {
  UnwantedResponse response(pool, Method::kGet, limits);
  EXPECT_EQ(read(response, "HTTP/1.1 204 No Content\r\n\r\nmore", 100), Unwanted::kEnd);
  EXPECT_EQ(left, "more");
}

TEST_F(UnwantedResponseTest, FailsWhenTheConnectionTakesNoFurtherRequest) {
  expectFailure("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
  expectFailure("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n");
  expectFailure("HTTP/1.1 200 OK\r\n\r\n");
  expectFailure("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
  expectFailure("HTTP/1.1 what\r\n\r\n");
}

TEST_F(UnwantedResponseTest, FailsWhenItIsLong) {
  expect("HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\nhello", Unwanted::kNeedMore);
  expectFailure("HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n");
  const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
  std::string endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  for (int i = 0; i < 64; ++i) endless += chunk;
  expectFailure(endless);
  std::string hints;
  while (hints.size() <= 65536) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  expectFailure(hints);
}

TEST_F(UnwantedResponseTest, TheRestOfABodyMayBeAllThatIsLeft) {
  UnwantedResponse response(pool, RestOfBody(5), limits);
  EXPECT_EQ(read(response, "hel", 3), Unwanted::kNeedMore);
  EXPECT_EQ(read(response, "lomore", 6), Unwanted::kEnd);
  EXPECT_EQ(left, "more");
}

}  // namespace
}  // namespace weir::http::h1
