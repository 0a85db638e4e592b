#include "gateway/transform/coding/content_coding.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

using enum ContentCoding;

constexpr ContentCoding kOffered[] = {kZstd, kBr, kGzip};

struct Negotiation {
  std::string_view accepted;
  ContentCoding chosen;
};

class Negotiations : public testing::TestWithParam<Negotiation> {};

TEST_P(Negotiations, FollowTheWeights) {
  EXPECT_EQ(negotiateCoding(GetParam().accepted, kOffered), GetParam().chosen)
      << GetParam().accepted;
}

constexpr Negotiation kNegotiations[] = {
    {"", kIdentity},
    {"identity", kIdentity},
    {"gzip", kGzip},
    {"GZip", kGzip},
    {"x-gzip", kGzip},
    {"deflate, compress", kIdentity},
    {"gzip, deflate, br, zstd", kZstd},
    {"gzip, br", kBr},
    {"gzip;q=1.0, br;q=0.5", kGzip},
    {"gzip;q=0.5, br;q=0.501", kBr},
    {"gzip; Q=0.2 , br;q=0", kGzip},
    {"gzip;q=0", kIdentity},
    {"gzip;q=0.000, identity;q=0", kIdentity},
    {"*", kZstd},
    {"*;q=0", kIdentity},
    {"zstd;q=0, *", kBr},
    {"gzip, *", kGzip},  // a client that names a coding gets it
    {"gzip;q=0.5, *", kZstd},
    {"identity, gzip;q=0.5", kIdentity},
    {"identity;q=0.5, gzip;q=0.5", kGzip},
    {"identity;q=0, gzip;q=0.1", kGzip},
    {"gzip;q=2", kIdentity},
    {"gzip;q=1.5", kIdentity},
    {"gzip;q=0.1234", kIdentity},
    {"gzip;q=x", kIdentity},
    {"gzip;q=", kIdentity},
    {"gzip;level=9;q=0.3, br;q=0.2", kGzip},
    {"gzip;", kGzip},
    {",,gzip,,", kGzip},
    {"gzipp, zst", kIdentity},
};
INSTANTIATE_TEST_SUITE_P(ContentCoding, Negotiations, testing::ValuesIn(kNegotiations));

TEST(ContentCoding, OnlyOfferedCodingsAreChosen) {
  constexpr ContentCoding kGzipAlone[] = {kGzip};
  EXPECT_EQ(negotiateCoding("zstd, br, gzip;q=0.1", kGzipAlone), kGzip);
  EXPECT_EQ(negotiateCoding("zstd, br", kGzipAlone), kIdentity);
  EXPECT_EQ(negotiateCoding("zstd, *;q=0.1", kGzipAlone), kGzip);
}

TEST(ContentCoding, OfABody) {
  EXPECT_EQ(contentCodingOf(""), kIdentity);
  EXPECT_EQ(contentCodingOf("X-GZIP"), kGzip);
  EXPECT_EQ(contentCodingOf("zstd"), kZstd);
  EXPECT_EQ(contentCodingOf("deflate"), std::nullopt);
  EXPECT_EQ(contentCodingOf("gzip, br"), std::nullopt);
}

}  // namespace
}  // namespace weir::gateway
