#include "mesh/discovery/etcd.h"

#include <gmock/gmock.h>

#include "core/base/protobuf.h"
#include "core/http/grpc_frame.h"
#include "mesh/discovery/etcd_client.h"
#include "mesh/discovery/etcd_messages.h"
#include "tests/mesh/discovery/fixture.h"

namespace weir::mesh {
namespace {

using etcd::PrefixClient;
using ::testing::HasSubstr;
using Pair = std::pair<std::string, std::string>;

constexpr std::string_view kRange = "/etcdserverpb.KV/Range";
constexpr std::string_view kWatch = "/etcdserverpb.Watch/Watch";
constexpr std::string_view kAuthenticate = "/etcdserverpb.Auth/Authenticate";

std::string frame(const std::string& message) {
  const auto prefix = http::grpcPrefix(message.size());
  return std::string(prefix.data(), prefix.size()) + message;
}

ProtoWriter header(std::uint64_t revision) { return ProtoWriter().number(3, revision); }

std::string range(std::uint64_t revision, const std::vector<Pair>& pairs, bool more = false) {
  ProtoWriter message;
  message.message(1, header(revision));
  for (const auto& [key, value] : pairs) {
    message.message(2, ProtoWriter().text(1, key).text(5, value));
  }
  return message.flag(3, more).bytes();
}

std::string put(std::uint64_t revision, const std::string& key, const std::string& value) {
  ProtoWriter event;
  event.message(2, ProtoWriter().text(1, key).text(5, value));
  return ProtoWriter().message(1, header(revision)).message(11, event).bytes();
}

std::string removal(std::uint64_t revision, const std::string& key) {
  ProtoWriter event;
  event.number(1, 1).message(2, ProtoWriter().text(1, key));
  return ProtoWriter().message(1, header(revision)).message(11, event).bytes();
}

// The source, with an etcd that the test plays.
class EtcdTest : public DiscoveryTest {
 protected:
  static EtcdSettings settings() {
    EtcdSettings made;
    made.server.upstream = "etcd";
    made.prefix = "/w/";
    return made;
  }
  void begin(const EtcdSettings& with = settings()) {
    const auto source = makeEtcd(with);
    discovery = source->make({loop, *resolver, http_client, names});
    discovery->start(heard);
  }
  std::string called() { return http_client.last().target; }
  std::string sent(std::string_view name) {
    for (const auto& [each, value] : http_client.last().headers) {
      if (each == name) return value;
    }
    return "none";
  }
  // The message of the latest request, without its prefix.
  std::string request() { return http_client.last().body.substr(http::kGrpcPrefix); }

  static void head(test::FakeClient::Received& call) {
    call.head(200, http::BodyKind::kStream, {{"content-type", "application/grpc"}});
  }
  static void end(test::FakeClient::Received& call, std::string_view code,
                  std::string_view message = {}) {
    call.trailer("grpc-status", code);
    call.trailer("grpc-message", message);
    call.end();
  }
  void reply(const std::string& message) {
    auto& call = http_client.last();
    head(call);
    call.piece(frame(message));
    end(call, "0");
  }
  void refuse(std::string_view code, std::string_view message) {
    auto& call = http_client.last();
    head(call);
    end(call, code, message);
  }
  // The watch has been created.
  test::FakeClient::Received& created() {
    auto& call = http_client.last();
    head(call);
    call.piece(frame(ProtoWriter().message(1, header(1)).flag(3, true).bytes()));
    return call;
  }
  test::FakeClient::Received& listed(const std::vector<Pair>& pairs = {{"/w/1", "10.0.0.1:80"}}) {
    reply(range(7, pairs));
    return created();
  }
  void passRetry() { loop.advance(Milliseconds(30'100)); }
};

TEST_F(EtcdTest, ListsAndWatchesFromThatRevisionOn) {
  begin();
  EXPECT_EQ(called(), kRange);
  EXPECT_EQ(sent("hasleader"), "true");
  EXPECT_EQ(request(), etcd::rangeRequest({"/w/", "/w0", PrefixClient::kPage, 0}));
  reply(range(7, {{"/w/1", "10.0.0.2:80"},
                  {"/w/2", R"({"address": "10.0.0.1", "port": 80, "weight": 3, "x": []})"}}));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*3 10.0.0.2:80");
  EXPECT_EQ(called(), kWatch);
  EXPECT_EQ(request(), etcd::watchRequest("/w/", "/w0", 8));
  auto& watch = created();
  watch.piece(frame(put(8, "/w/3", "10.0.0.3:80")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*3 10.0.0.2:80 10.0.0.3:80");
  watch.piece(frame(removal(9, "/w/2")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80 10.0.0.3:80");
  watch.piece(frame(put(10, "/w/1", "10.0.0.9:80")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.3:80 10.0.0.9:80");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(EtcdTest, ReadsSeveralPagesOfOneRevision) {
  begin();
  reply(range(7, {{"/w/1", "10.0.0.1:80"}}, true));
  EXPECT_EQ(request(),
            etcd::rangeRequest({std::string_view("/w/1\0", 5), "/w0", PrefixClient::kPage, 7}));
  EXPECT_EQ(heard.answers, 0);
  reply(range(9, {{"/w/2", "10.0.0.2:80"}}));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80");
  EXPECT_EQ(request(), etcd::watchRequest("/w/", "/w0", 8));
}

TEST_F(EtcdTest, BeginsAgainIfThePagesAreCompactedMeanwhile) {
  begin();
  reply(range(7, {{"/w/1", "10.0.0.1:80"}}, true));
  refuse("11", "etcdserver: mvcc: required revision has been compacted");
  EXPECT_EQ(request(), etcd::rangeRequest({"/w/", "/w0", PrefixClient::kPage, 0}));
  reply(range(20, {{"/w/2", "10.0.0.2:80"}}));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
  EXPECT_TRUE(heard.failures.empty());
}

// The changes between the list and the compaction are unknown: deletions, too.
TEST_F(EtcdTest, ListsAgainAfterACompaction) {
  begin();
  auto& watch = listed();
  ProtoWriter canceled;
  canceled.message(1, header(90)).flag(4, true).number(5, 80);
  watch.piece(frame(canceled.bytes()));
  EXPECT_TRUE(watch.cancelled);
  EXPECT_EQ(called(), kRange);
  reply(range(95, {{"/w/2", "10.0.0.2:80"}}));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
  EXPECT_EQ(request(), etcd::watchRequest("/w/", "/w0", 96));
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(EtcdTest, NoKeysAreAnAnswer) {
  begin();
  auto& watch = listed({});
  EXPECT_EQ(heard.endpoints(), "");
  watch.piece(frame(put(8, "/w/1", "10.0.0.1:80")));
  watch.piece(frame(removal(9, "/w/1")));
  EXPECT_EQ(heard.endpoints(), "");
  EXPECT_EQ(heard.answers, 3);
}

TEST_F(EtcdTest, APieceOfARevisionIsNotPublished) {
  begin();
  auto& watch = listed();
  ProtoWriter event;
  event.message(2, ProtoWriter().text(1, "/w/2").text(5, "10.0.0.2:80"));
  watch.piece(frame(ProtoWriter().message(1, header(8)).flag(7, true).message(11, event).bytes()));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  watch.piece(frame(removal(8, "/w/1")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
}

TEST_F(EtcdTest, ProgressChangesNothing) {
  begin();
  auto& watch = listed();
  watch.piece(frame(ProtoWriter().message(1, header(50)).bytes()));
  EXPECT_EQ(heard.answers, 1);
}

TEST_F(EtcdTest, AFailureIsReportedAndTriedAgain) {
  begin();
  auto& watch = listed();
  watch.fail(Reason::kUpstreamResetAfterHeaders, {ErrorCode::kReset, Origin::kUpstream, "reset"});
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.failures[0], "etcd: reset");
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  passRetry();
  EXPECT_EQ(called(), kRange);
  refuse("14", "etcdserver: no leader");
  EXPECT_EQ(heard.failures.back(), "etcd: etcdserver: no leader");
  passRetry();
  // The data was lost: a lower revision is as good.
  reply(range(2, {{"/w/5", "10.0.0.5:80"}}));
  EXPECT_EQ(heard.endpoints(), "10.0.0.5:80");
  EXPECT_EQ(request(), etcd::watchRequest("/w/", "/w0", 3));
}

TEST_F(EtcdTest, AWatchThatTheServerEndsOrDoesNotCreateIsAFailure) {
  begin();
  end(listed(), "0");
  EXPECT_EQ(heard.failures.back(), "etcd: the server ended the watch");
  passRetry();
  reply(range(7, {}));
  loop.advance(PrefixClient::kCreateTimeout + event::Wheel::kTick);
  EXPECT_EQ(heard.failures.back(), "etcd: the watch was not created in time");
  passRetry();
  reply(range(7, {}));
  ProtoWriter canceled;
  canceled.flag(4, true).text(6, "permission\x01 denied");
  created().piece(frame(canceled.bytes()));
  EXPECT_EQ(heard.failures.back(), "etcd: the watch was canceled: permission? denied");
}

TEST_F(EtcdTest, AWatchEndsAfterAWhile) {
  begin();
  auto& watch = listed();
  loop.advance(PrefixClient::kLongestWatch);
  EXPECT_TRUE(watch.cancelled);
  EXPECT_EQ(called(), kRange);
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(EtcdTest, MalformedAnswersAreFailures) {
  begin();
  reply("\x0a\x09k");
  EXPECT_EQ(heard.failures.back(), "etcd: the answer is malformed");
  passRetry();
  reply("");  // no revision
  EXPECT_EQ(heard.failures.back(), "etcd: the answer is malformed");
  passRetry();
  listed().piece(frame("\x0a\x09k"));
  EXPECT_EQ(heard.failures.back(), "etcd: the answer of the watch is malformed");
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(EtcdTest, IgnoresValuesThatAreNoEndpoints) {
  begin();
  ::testing::internal::CaptureStderr();
  auto& watch = listed({{"/w/1", "10.0.0.1:80"}, {"/w/2", "nonsense"}, {"/w/3", "{}"}});
  watch.piece(frame(put(8, "/w/4", "10.0.0.4:80")));
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.4:80");
  EXPECT_THAT(log, HasSubstr("etcd: ignoring an endpoint: key /w/2: is not JSON\n"));
  EXPECT_THAT(log, HasSubstr("key /w/3: address is missing"));
  EXPECT_EQ(log.find("/w/2"), log.rfind("/w/2"));  // once
  ::testing::internal::CaptureStderr();
  watch.piece(frame(removal(9, "/w/1")));
  watch.piece(frame(removal(10, "/w/4")));
  ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(heard.failures.size(), 1U);  // keys, but no endpoints: not the same as none
  EXPECT_EQ(heard.endpoints(), "10.0.0.4:80");
}

TEST_F(EtcdTest, AuthenticatesAndRenewsTheToken) {
  EtcdSettings with = settings();
  with.user = "weir";
  with.password = config::Secret(config::Secret::Source::kInline, "", "secret");
  begin(with);
  EXPECT_EQ(called(), kAuthenticate);
  EXPECT_EQ(request(), etcd::authenticateRequest("weir", "secret"));
  EXPECT_EQ(sent("token"), "none");
  reply(ProtoWriter().text(2, "t1").bytes());
  EXPECT_EQ(called(), kRange);
  EXPECT_EQ(sent("token"), "t1");
  auto& watch = listed();
  EXPECT_EQ(sent("token"), "t1");
  watch.fail(Reason::kUpstreamResetAfterHeaders, {ErrorCode::kReset, Origin::kUpstream, "reset"});
  passRetry();
  refuse("16", "etcdserver: invalid auth token");
  EXPECT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(called(), kAuthenticate);
  reply(ProtoWriter().text(2, "t2").bytes());
  EXPECT_EQ(sent("token"), "t2");
  refuse("16", "etcdserver: invalid auth token");
  EXPECT_EQ(heard.failures.size(), 2U);
  passRetry();
  EXPECT_EQ(called(), kAuthenticate);
  refuse("3", "etcdserver: authentication failed, invalid user ID or password");
  EXPECT_EQ(heard.failures.size(), 3U);
}

struct OneEtcd {
  EtcdSettings etcd;
  static void read(config::Table& table, OneEtcd& out) { table.read("etcd", out.etcd, "Keys."); }
};

TEST_F(EtcdTest, RefusesSettingsWithTheirPosition) {
  const auto mistakes = [](std::string_view toml) { return mistakesIn<OneEtcd>(toml); };
  EXPECT_EQ(mistakes("etcd = { server = 'https://etcd:2379', prefix = '/w/' }"), "");
  EXPECT_THAT(mistakes("etcd = { server = 'https://etcd:2379/v3', prefix = '/w/' }"),
              HasSubstr("test:1:19: etcd.server: must not have a path"));
  EXPECT_THAT(mistakes("etcd = { server = 'https://etcd:2379', prefix = '' }"),
              HasSubstr("test:1:49: etcd.prefix"));
  EXPECT_THAT(mistakes("etcd = { server = 'https://etcd:2379' }"), HasSubstr("prefix"));
  EXPECT_THAT(mistakes("etcd = { server = 'https://etcd:2379', prefix = 'a', user = 'b' }"),
              HasSubstr("test:1:61: etcd.user: needs both user and password"));
}

}  // namespace
}  // namespace weir::mesh
