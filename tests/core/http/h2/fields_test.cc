#include "core/http/h2/fields.h"

#include <map>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "tests/core/http/h2/pair.h"

namespace weir::http::h2 {
namespace {

using testing::IsSupersetOf;
using testing::Pair;

// Whether each field of the HEADERS frame, the only one in `frame`, may enter a table.
std::map<std::string, bool> indexable(std::string_view frame) {
  constexpr std::size_t kFrameHeader = 9;
  nghttp2_hd_inflater* inflater = nullptr;
  EXPECT_EQ(nghttp2_hd_inflate_new(&inflater), 0);
  const auto* at = reinterpret_cast<const std::uint8_t*>(frame.data()) + kFrameHeader;
  std::size_t left = frame.size() - kFrameHeader;
  std::map<std::string, bool> fields;
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field{};
    const ssize_t taken = nghttp2_hd_inflate_hd2(inflater, &field, &flags, at, left, 1);
    if (taken < 0) break;
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    fields[std::string(reinterpret_cast<const char*>(field.name), field.namelen)] =
        (field.flags & NGHTTP2_NV_FLAG_NO_INDEX) == 0;
  }
  nghttp2_hd_inflate_del(inflater);
  return fields;
}

TEST(H2Fields, SecretsAndValuesThatDifferInEachRequestAreNeverIndexed) {
  test::CodecPair pair;
  http::Request& request = pair.get("/");
  constexpr std::string_view kNames[] = {
      "Authorization", "Proxy-Authorization", "TraceParent", "Tracestate", "B3", "X-Request-Id"};
  for (const std::string_view name : kNames) request.headers.add(name, "0123456789");
  for (const std::string_view name : {"User-Agent", "X-Other"}) request.headers.add(name, "a");
  pair.call(request);
  pair.loop().advance(Milliseconds(0));
  const auto fields = indexable(pair.toServer().bytes);
  EXPECT_THAT(fields, IsSupersetOf({Pair("user-agent", true), Pair("x-other", true)}));
  EXPECT_THAT(fields,
              IsSupersetOf({Pair("authorization", false), Pair("proxy-authorization", false),
                            Pair("traceparent", false), Pair("tracestate", false),
                            Pair("b3", false), Pair("x-request-id", false)}));
}

TEST(H2Fields, KnownNamesAreInLowerCase) {
  test::CodecPair pair;
  http::Request& request = pair.get("/");
  request.headers.add("ACCEPT", "a");
  request.headers.add("X-UNKNOWN", "b");
  pair.call(request);
  pair.settle();
  const http::Headers& heard = pair.heard().request().headers;
  EXPECT_EQ(heard.find("accept")->name, "accept");
  EXPECT_EQ(heard.find("x-unknown")->name, "x-unknown");
}

// Everything that nghttp2 needs for a request comes from earlier requests.
TEST(H2Fields, RequestsTakeNoMemoryFromTheSystemOnceWarm) {
  test::CodecPair pair;
  const auto exchange = [&](int number) {
    http::Request& request = pair.get("/path");
    request.headers.add(HeaderId::kXRequestId,
                        request.headers.arena().copy(std::to_string(number)));
    request.headers.add("X-Constant", "value");
    pair.call(request);
    pair.settle();
    pair.heard(static_cast<std::size_t>(number)).answer(200, "hello");
    pair.settle();
  };
  for (int i = 0; i < 100; ++i) exchange(i);
  const std::size_t warm = pair.loop().freeLists().fromSystem();
  for (int i = 100; i < 200; ++i) exchange(i);
  EXPECT_EQ(pair.loop().freeLists().fromSystem() == warm, FreeLists::kReuses);
}

}  // namespace
}  // namespace weir::http::h2
