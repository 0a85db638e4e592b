#include "core/base/base64url.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string decoded(std::string_view text) {
  std::string bytes = "+";
  return appendFromBase64Url(text, bytes) ? bytes : "refused " + bytes;
}

TEST(Base64Url, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    appendBase64Url(asBytes(bytes), text);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(decoded(text), "+" + bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64Url, FollowsTheExamplesOfRfc4648) {
  EXPECT_EQ(decoded(""), "+");
  EXPECT_EQ(decoded("Zg"), "+f");
  EXPECT_EQ(decoded("Zm8"), "+fo");
  EXPECT_EQ(decoded("Zm9v"), "+foo");
  EXPECT_EQ(decoded("Zm9vYmFy"), "+foobar");
  EXPECT_EQ(decoded("-_-_"), "+\xFB\xFF\xBF");
}

TEST(Base64Url, RefusesOtherForms) {
  for (const std::string_view text : {"Zg==", "Zm8=", "Zm9v\n", "Zm 9v", " Zm9v", "Zm9v====", "Z",
                                      "Zm9vY", "+/+/", "Zm9v.", "Z\xC3\xA9", "Zm9*", "Zg=", "="}) {
    EXPECT_EQ(decoded(text), "refused +") << text;
  }
  EXPECT_EQ(decoded(std::string_view("Zm\0v", 4)), "refused +");
}

TEST(Base64Url, RefusesASecondFormOfTheSameBytes) {
  EXPECT_EQ(decoded("Zh"), "refused +");   // the unused bits of "Zg"
  EXPECT_EQ(decoded("Zm9"), "refused +");  // and of "Zm8"
}

}  // namespace
}  // namespace weir
