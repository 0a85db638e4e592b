#include "core/route/header_rules.h"

#include <gtest/gtest.h>

#include "tests/core/route/fixture.h"

namespace weir::route {
namespace {

class HeaderRulesTest : public testing::Test {
 protected:
  HeaderRulesTest() : request_("example.com/users/7") {
    request_.header("Accept", "a").header("X-One", "1").header("accept", "b");
    request_.variables.request_id = "r-1";
  }

  void set(std::string_view name, std::string_view text) {
    EXPECT_TRUE(rules_.set(name, text, {}, why_)) << why_;
  }
  void add(std::string_view name, std::string_view text) {
    EXPECT_TRUE(rules_.add(name, text, {}, why_)) << why_;
  }
  void remove(std::string_view name) { EXPECT_TRUE(rules_.remove(name, why_)) << why_; }
  std::string applied() {
    rules_.apply(request_.request.headers, request_.variables);
    return linesOf(request_.request.headers);
  }
  std::string mistakeOf(std::string_view name, std::string_view text = "") {
    std::string why;
    EXPECT_FALSE(HeaderRules().set(name, text, {}, why));
    return why;
  }

  TestRequest request_;
  HeaderRules rules_;
  std::string why_;
};

TEST_F(HeaderRulesTest, ChangeNothingWhenEmpty) {
  EXPECT_TRUE(rules_.empty());
  EXPECT_EQ(applied(), "Accept: a\nX-One: 1\naccept: b\n");
}

TEST_F(HeaderRulesTest, RemoveEveryHeaderOfThatName) {
  remove("ACCEPT");
  remove("x-none");
  EXPECT_EQ(applied(), "X-One: 1\n");
}

TEST_F(HeaderRulesTest, SetReplacesEveryHeaderOfThatName) {
  set("aCCept", "c");
  set("x-one", "${request.id}");
  set("X-New", "new");
  EXPECT_EQ(applied(), "aCCept: c\nx-one: r-1\nX-New: new\n");
}

TEST_F(HeaderRulesTest, AddKeepsWhatIsThere) {
  add("Accept", "c");
  add("X-One", "2");
  add("X-One", "3");
  EXPECT_EQ(applied(), "Accept: a\nX-One: 1\naccept: b\nAccept: c\nX-One: 2\nX-One: 3\n");
}

TEST_F(HeaderRulesTest, ApplyInOrder) {
  remove("Accept");
  set("X-One", "${request.header.accept}x");
  add("X-One", "${request.header.x-one}");
  EXPECT_EQ(applied(), "X-One: x\nX-One: x\n");
}

TEST_F(HeaderRulesTest, LeaveOutWhatExpandsToNothing) {
  set("X-One", "${request.header.none}");
  add("X-Two", "${request.header.none}");
  set("X-Empty", "");
  EXPECT_EQ(applied(), "Accept: a\naccept: b\nX-Empty: \n");
}

TEST_F(HeaderRulesTest, NeverLetAValueBecomeAHeader) {
  request_.header("evil", "a\r\nSet-Cookie: b\r\n\r\nc");
  set("X-One", "${request.header.evil}");
  remove("evil");
  EXPECT_EQ(applied(), "Accept: a\naccept: b\nX-One: aSet-Cookie: bc\n");
}

TEST_F(HeaderRulesTest, RefuseWhatFramesTheMessage) {
  EXPECT_EQ(mistakeOf("Host"),
            "\"Host\" cannot be changed as a header; use rewrite = { host = ... }");
  EXPECT_EQ(mistakeOf("content-length"),
            "\"content-length\" frames the message; weir writes it itself");
  EXPECT_EQ(mistakeOf("Transfer-Encoding"),
            "\"Transfer-Encoding\" frames the message; weir writes it itself");
  EXPECT_NE(mistakeOf("Connection"), "");
  EXPECT_NE(mistakeOf("Keep-Alive"), "");
  EXPECT_NE(mistakeOf("Proxy-Connection"), "");
  EXPECT_NE(mistakeOf("TE"), "");
  EXPECT_NE(mistakeOf("Trailer"), "");
  EXPECT_NE(mistakeOf("Upgrade"), "");
  EXPECT_NE(mistakeOf("Expect"), "");
}

TEST_F(HeaderRulesTest, RefuseWhatOnlyTheMeshMaySay) {
  EXPECT_EQ(mistakeOf("X-Weir-Identity"),
            "\"X-Weir-Identity\" identifies the caller; only weir may set it");
}

TEST_F(HeaderRulesTest, RefuseWhatIsNoHeader) {
  EXPECT_EQ(mistakeOf(""), "\"\" is not the name of a header");
  EXPECT_EQ(mistakeOf("x y"), "\"x y\" is not the name of a header");
  EXPECT_EQ(mistakeOf("x:"), "\"x:\" is not the name of a header");
  EXPECT_EQ(mistakeOf(":path"), "\":path\" is not the name of a header");
  EXPECT_EQ(mistakeOf("x\r\ny"), "\"x\r\ny\" is not the name of a header");
  EXPECT_EQ(mistakeOf("x", "a\nb"), "a header cannot contain a control byte");
  EXPECT_EQ(mistakeOf("x", "${nothing}"), "unknown variable ${nothing}");
}

}  // namespace
}  // namespace weir::route
