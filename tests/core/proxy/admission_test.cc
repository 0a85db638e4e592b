#include "core/proxy/admission.h"

#include <string>
#include <vector>

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using ::testing::EndsWith;
using ::testing::Not;

class Admission : public ::testing::Test {
 protected:
  Admission() {
    request.path = "/";
    listener_plan.underscores_in_headers = Underscores::kAllow;
    for (const auto* name :
         {"X-Weir-Identity", "x_weir_identity", "X-Weir_Reason", "x-weir-original-path",
          "X_Forwarded_Client_Cert", "Proxy", "X-Original-URL", "x_rewrite-url", "x_forwarded_for",
          "X-Forwarded-Port", "x-real-ip", "accept", "x-own", "x_own"}) {
      request.headers.add(name, "1");
    }
  }
  std::string admitted(bool trusted) {
    EXPECT_FALSE(admit(request, listener_plan, nullptr, trusted, filter_fields).has_value());
    std::string names;
    for (const http::Header& field : request.headers) names += std::string(field.name) + " ";
    return names;
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  ListenerPlan listener_plan;
  http::FieldSet filter_fields;
};

TEST_F(Admission, AnEdgeDropsAllThatIsReserved) {
  listener_plan.forwarded = ForwardedMode::kAppend;
  EXPECT_EQ(admitted(false), "accept x-own x_own ");
}

TEST_F(Admission, ATrustedPeerMaySayWhoTheClientIsAndNoMore) {
  listener_plan.forwarded = ForwardedMode::kAppend;
  EXPECT_EQ(admitted(true), "X-Forwarded-Port x-real-ip accept x-own x_own ");
}

TEST_F(Admission, WithinAMeshOnlyFieldsOfWeirAreDropped) {
  listener_plan.forwarded = ForwardedMode::kPreserve;
  EXPECT_EQ(admitted(false),
            "Proxy X-Original-URL x_rewrite-url x_forwarded_for X-Forwarded-Port x-real-ip accept "
            "x-own x_own ");
}

TEST_F(Admission, FieldsThatFiltersSetAreDroppedInEverySpellingFromAnyPeer) {
  filter_fields.add("X-Own");
  for (const ForwardedMode mode : {ForwardedMode::kAppend, ForwardedMode::kPreserve}) {
    listener_plan.forwarded = mode;
    request.headers.add("X.OWN", "1");
    EXPECT_THAT(admitted(true), ::testing::HasSubstr("accept "));
    EXPECT_THAT(admitted(true), Not(::testing::ContainsRegex("[xX].[oO][wW][nN]")));
  }
}

TEST_F(Admission, UnderscoresAreRefusedWhereTheyAreNotWanted) {
  listener_plan.underscores_in_headers = Underscores::kReject;
  const auto refusal = admit(request, listener_plan, nullptr, false, filter_fields);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status, 400);
  EXPECT_EQ(refusal->reason, Reason::kBadRequest);
  EXPECT_EQ(request.headers.get(http::HeaderId::kXWeirIdentity), std::nullopt);  // nor in the log
}

using AdmissionOfTrailers = ProxyTest;

constexpr std::string_view kTrailed =
    "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";

TEST_F(AdmissionOfTrailers, NoneOfTheReservedOnesGoOn) {
  listener_plan.underscores_in_headers = Underscores::kAllow;
  for (const ForwardedMode mode : {ForwardedMode::kAppend, ForwardedMode::kPreserve}) {
    listener_plan.forwarded = mode;
    startForwarding();
    ask(std::string(kTrailed) +
        "X-Weir-Identity: 1\r\nX_Weir_Identity: 1\r\nx-weir.reason: 1\r\n"
        "X-Weir-Original-Path: 1\r\nX-Forwarded-Client-Cert: 1\r\nX_Forwarded-For: 1\r\n"
        "X-Real-IP: 1\r\nProxy: 1\r\nX-Original-URL: 1\r\nx_own: 2\r\nX-Other: 3\r\n\r\n");
    EXPECT_THAT(seenBy(arrivals.size() - 1), EndsWith("\r\n0\r\nx_own: 2\r\nX-Other: 3\r\n\r\n"));
  }
}

TEST_F(AdmissionOfTrailers, AnUnderscoreInOneIsRefused) {
  startForwarding();
  test::StreamPeer& client = connect();
  client.send(kTrailed);
  turn();
  client.send("x_y: 1\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), isLocalReply(400, "bad_request"));
  EXPECT_THAT(seenBy(0), Not(EndsWith("\r\n\r\n")));  // without the end
  EXPECT_TRUE(arrival(0).ended());
  EXPECT_EQ(localReplies(400, Reason::kBadRequest), 1U);
}

TEST_F(AdmissionOfTrailers, AnUnderscoreInOneEndsAnAnswerThatHasBegun) {
  startForwarding();
  test::StreamPeer& client = connect();
  client.send(kTrailed);
  turn();
  arrival(0).send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  turn();
  EXPECT_THAT(client.received(), EndsWith("half"));
  client.send("x_y: 1\r\n\r\n");
  turn();
  EXPECT_TRUE(client.ended() || client.broken());
  EXPECT_TRUE(arrival(0).ended());
  EXPECT_EQ(logged().reason, Reason::kBadRequest);
}

}  // namespace
}  // namespace weir::proxy
