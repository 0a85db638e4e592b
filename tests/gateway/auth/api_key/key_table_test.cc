#include "gateway/auth/api_key/key_table.h"

#include <string>

#include <gtest/gtest.h>

#include "core/tls/digest.h"

namespace weir::gateway::api_key {
namespace {

std::string lineOf(std::string_view key, std::string_view id, std::string_view more) {
  return std::string(id) + " sha256:" + tls::hexOf(tls::sha256({key.data(), key.size()})) + " " +
         std::string(more);
}

TEST(KeyTable, FindsWhatALineSays) {
  KeyTableBuilder builder;
  EXPECT_EQ(builder.add(lineOf("k1", "one", "shop")), "");
  EXPECT_EQ(builder.add(lineOf("k2", "two",
                               "shop scopes=read,write\texpires=2027-01-31T00:00:00Z "
                               "label.plan=gold label.x=a=b")),
            "");
  const auto table = builder.finish();
  const auto one = table->find(digestOf("k1"));
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->id, "one");
  EXPECT_EQ(one->consumer, "shop");
  EXPECT_EQ(one->scopes, "");
  EXPECT_EQ(one->expires.count(), 0);
  const auto two = table->find(digestOf("k2"));
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->scopes, "read write");
  EXPECT_EQ(two->labels, "plan=gold\nx=a=b\n");
  EXPECT_EQ(two->expires, std::chrono::seconds(1'801'353'600));
  EXPECT_FALSE(table->find(digestOf("k3")).has_value());
  EXPECT_FALSE(table->find(digestOf("")).has_value());
}

TEST(KeyTable, AnEmptyTableHasNone) {
  EXPECT_FALSE(KeyTableBuilder().finish()->find(digestOf("a")).has_value());
}

TEST(KeyTable, FindsEachOfMany) {
  constexpr int kMany = 5000;
  KeyTableBuilder builder;
  for (int i = 0; i < kMany; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(builder.add(lineOf("key" + number, "id" + number, "c" + number)), "");
  }
  const auto table = builder.finish();
  EXPECT_EQ(table->size(), static_cast<std::size_t>(kMany));
  for (int i = 0; i < kMany; ++i) {
    EXPECT_EQ(table->find(digestOf("key" + std::to_string(i)))->id, "id" + std::to_string(i));
    EXPECT_FALSE(table->find(digestOf("other" + std::to_string(i))).has_value());
  }
}

std::string wrong(std::string_view line) { return KeyTableBuilder().add(line); }

TEST(KeyTable, SaysWhatIsWrongWithALine) {
  EXPECT_EQ(wrong("shop"), "needs an id and sha256:DIGEST");
  EXPECT_EQ(wrong("id sha1:00 shop"), "needs an id and sha256:DIGEST");
  EXPECT_EQ(wrong("id sha256:00 shop"), "the digest is not 64 hexadecimal digits");
  EXPECT_EQ(wrong("id sha256:" + std::string(64, 'g') + " shop"),
            "the digest is not 64 hexadecimal digits");
  EXPECT_EQ(wrong(lineOf("k", "id", "")), "has no consumer");
  EXPECT_EQ(wrong(lineOf("k", "id", "scopes=a")), "has no consumer");
  EXPECT_EQ(wrong(lineOf("k", "id", "sh\xc3\xb6p")), "the consumer is not plain text");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop scope=a")),
            R"("scope" is unknown: there are scopes=, expires= and label.NAME=)");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop scopes")), R"("scopes" has no value)");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop scopes=a,,b")), R"("" is not a scope)");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop scopes=a scopes=b")), "has scopes= twice");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop expires=tomorrow")),
            "expires= is not a time such as 2027-01-31T00:00:00Z");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop expires=2107-01-01T00:00:00Z")),
            "expires= is not a time between 1970 and 2106");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop label.=a")), "has a label that is not plain text");
  EXPECT_EQ(wrong(lineOf("k", "id", "shop label.a=1 label.b=2 label.a=3")),
            R"(has the label "a" twice)");
}

TEST(KeyTable, RefusesAKeyThatIsThereAlready) {
  KeyTableBuilder builder;
  EXPECT_EQ(builder.add(lineOf("k", "one", "shop")), "");
  EXPECT_EQ(builder.add(lineOf("k", "two", "shop")), R"(is the same key as "one")");
}

}  // namespace
}  // namespace weir::gateway::api_key
