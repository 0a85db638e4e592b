#include "core/http/preface.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

using Says = Preface::Says;

TEST(Preface, OfHttp2) {
  Preface preface;
  EXPECT_EQ(preface.look(asBytes("PRI * HTTP/2.0\r\n")), Says::kHttp2);
  EXPECT_TRUE(preface.read());
  EXPECT_EQ(preface.before(), "");
}

TEST(Preface, InPieces) {
  Preface preface;
  EXPECT_EQ(preface.look(asBytes("P")), Says::kMore);
  EXPECT_EQ(preface.look(asBytes("RI")), Says::kMore);
  EXPECT_FALSE(preface.read());
  EXPECT_EQ(preface.look(asBytes(" *")), Says::kHttp2);
  EXPECT_EQ(preface.before(), "PRI");
}

TEST(Preface, AMethodThatBeginsAlikeIsHttp1) {
  Preface preface;
  EXPECT_EQ(preface.look(asBytes("PR")), Says::kMore);
  EXPECT_EQ(preface.look(asBytes("OPFIND / HTTP/1.1")), Says::kHttp1);
  EXPECT_EQ(preface.before(), "PR");
  EXPECT_TRUE(preface.read());
}

TEST(Preface, OtherMethodsAreHttp1AtOnce) {
  Preface preface;
  EXPECT_EQ(preface.look(asBytes("G")), Says::kHttp1);
  EXPECT_EQ(preface.before(), "");
}

TEST(Preface, IsNotLookedForWhereTheVersionIsKnown) {
  Preface preface;
  preface.skip();
  EXPECT_TRUE(preface.read());
}

}  // namespace
}  // namespace weir::http
