#include "mesh/discovery/etcd_messages.h"

#include <gtest/gtest.h>

#include "core/base/protobuf.h"

namespace weir::mesh::etcd {
namespace {

using namespace std::string_literals;

TEST(EtcdMessages, ARangeEndsAfterThePrefix) {
  EXPECT_EQ(rangeEnd("/weir/"), "/weir0");
  EXPECT_EQ(rangeEnd("a\xFF\xFF"), "b");
  EXPECT_EQ(rangeEnd("\xFF"), "\0"s);
}

TEST(EtcdMessages, RequestsHaveTheFieldsOfEtcd) {
  EXPECT_EQ(rangeRequest({"a", "b", 2, 300}), "\x0a\x01\x61\x12\x01\x62\x18\x02\x20\xac\x02");
  EXPECT_EQ(rangeRequest({"a", "b", 2, 0}), "\x0a\x01\x61\x12\x01\x62\x18\x02");
  EXPECT_EQ(watchRequest("a", "b", 5), "\x0a\x0c\x0a\x01\x61\x12\x01\x62\x18\x05\x20\x01\x40\x01");
  EXPECT_EQ(authenticateRequest("u", "p"), "\x0a\x01u\x12\x01p");
}

TEST(EtcdMessages, ReadsARange) {
  ProtoWriter message;
  message.message(1, ProtoWriter().number(1, 9).number(3, 77));
  message.message(2, ProtoWriter().text(1, "k1").number(4, 3).text(5, "v1").number(6, 1));
  message.message(2, ProtoWriter().text(1, "k2"));
  message.flag(3, true).number(4, 2);
  const auto response = readRangeResponse(message.bytes());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->revision, 77);
  ASSERT_EQ(response->values.size(), 2U);
  EXPECT_EQ(response->values[0].key + "=" + response->values[0].value, "k1=v1");
  EXPECT_EQ(response->values[1].value, "");
  EXPECT_TRUE(response->more);
}

TEST(EtcdMessages, ReadsAWatch) {
  ProtoWriter message;
  message.message(1, ProtoWriter().number(3, 78)).flag(3, true).flag(4, true).number(5, 60);
  message.text(6, "compacted").flag(7, true);
  message.message(11, ProtoWriter().message(2, ProtoWriter().text(1, "k1").text(5, "v1")));
  message.message(11, ProtoWriter().number(1, 1).message(2, ProtoWriter().text(1, "k2")));
  const auto response = readWatchResponse(message.bytes());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->revision, 78);
  EXPECT_TRUE(response->created && response->canceled && response->fragment);
  EXPECT_EQ(response->compact_revision, 60);
  EXPECT_EQ(response->cancel_reason, "compacted");
  ASSERT_EQ(response->events.size(), 2U);
  EXPECT_FALSE(response->events[0].deleted);
  EXPECT_TRUE(response->events[1].deleted);
  EXPECT_EQ(response->events[1].pair.key, "k2");
}

TEST(EtcdMessages, RefusesMalformedMessages) {
  const std::string bad = ProtoWriter().text(2, "\x0a\x09k").bytes();
  EXPECT_FALSE(readRangeResponse(bad));
  EXPECT_FALSE(readWatchResponse(ProtoWriter().text(11, "\x12\x09k").bytes()));
  EXPECT_FALSE(readToken(""));
  EXPECT_EQ(readToken(ProtoWriter().text(2, "t").bytes()), "t");
}

}  // namespace
}  // namespace weir::mesh::etcd
