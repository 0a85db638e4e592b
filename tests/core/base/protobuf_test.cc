#include "core/base/protobuf.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::string_literals;

// "1=150 2=<abc>": the fields; "!" if the message is malformed.
std::string fieldsOf(std::string_view message) {
  ProtoReader reader(message);
  ProtoField field;
  std::string text;
  while (reader.next(field)) {
    text += (text.empty() ? "" : " ") + std::to_string(field.number) + "=";
    text += field.is_text ? "<" + std::string(field.text) + ">" : std::to_string(field.value);
  }
  return reader.malformed() ? text + "!" : text;
}

// The examples of the encoding's specification.
TEST(Protobuf, WritesAndReadsTheKnownBytes) {
  EXPECT_EQ(ProtoWriter().number(1, 150).bytes(), "\x08\x96\x01");
  EXPECT_EQ(ProtoWriter().text(2, "testing").bytes(), "\x12\x07testing");
  EXPECT_EQ(ProtoWriter().message(3, ProtoWriter().number(1, 150)).bytes(), "\x1a\x03\x08\x96\x01");
  EXPECT_EQ(fieldsOf("\x08\x96\x01\x12\x07testing"), "1=150 2=<testing>");
}

TEST(Protobuf, LeavesDefaultsOut) {
  EXPECT_EQ(ProtoWriter().number(1, 0).text(2, "").flag(3, false).bytes(), "");
  EXPECT_EQ(ProtoWriter().message(1, {}).bytes(), "\x0a\x00"s);
}

TEST(Protobuf, HoldsEveryNumber) {
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128},
                                     std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    EXPECT_EQ(fieldsOf(ProtoWriter().number(536'870'911, number).bytes()),
              "536870911=" + std::to_string(number));
  }
}

TEST(Protobuf, ReadsFixedNumbers) {
  EXPECT_EQ(fieldsOf("\x0d\x01\x02\x00\x00"s), "1=513");
  EXPECT_EQ(fieldsOf("\x09\x01\x00\x00\x00\x00\x00\x00\x01"s), "1=72057594037927937");
}

TEST(Protobuf, RefusesMalformedMessages) {
  for (const std::string& message :
       {"\x08"s, "\x08\x96"s, "\x12\x08testing"s, "\x0d\x01\x02\x00"s, "\x09\x01"s, "\x0b\x0c"s,
        "\x00\x01"s, "\x0f\x01"s, "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s,
        "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s, "\x80\x80\x80\x80\x80\x01\x01"s}) {
    EXPECT_EQ(fieldsOf(message), "!");
  }
  EXPECT_EQ(fieldsOf("\x08\x01\x12\x05x"s), "1=1!");
}

}  // namespace
}  // namespace weir
