#include "core/tls/sealer.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

const std::string kOne(32, '1');
const std::string kTwo(40, '2');

class SealerTest : public testing::Test {
 protected:
  std::string seal(const Sealer& sealer, std::string_view text, std::string_view context = "c") {
    return std::string(sealer.seal(text, context, arena).value_or("too long"));
  }
  std::string open(const Sealer& sealer, std::string_view sealed, std::string_view context = "c") {
    const auto opened = sealer.open(sealed, context, arena);
    return opened ? std::string(opened->text) + (opened->renew ? " renew" : "") : "refused";
  }

  BlockPool pool{4096};
  Arena arena{pool};
};

TEST_F(SealerTest, OpensWhatItSealed) {
  const Sealer sealer({kOne});
  for (const std::size_t size : {0U, 1U, 2U, 3U, 50U, 1'024U}) {
    const std::string text(size, 'x');
    const std::string sealed = seal(sealer, text);
    EXPECT_EQ(open(sealer, sealed), text);
    EXPECT_EQ(sealed.find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
  }
  EXPECT_EQ(seal(sealer, std::string(1'025, 'x')), "too long");
}

TEST_F(SealerTest, SealsDifferentlyEachTime) {
  const Sealer sealer({kOne});
  EXPECT_NE(seal(sealer, "text"), seal(sealer, "text"));
}

TEST_F(SealerTest, RefusesWhatWasChanged) {
  const Sealer sealer({kOne});
  const std::string sealed = seal(sealer, "10.0.0.1:80");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(open(sealer, changed), "refused") << i;
    EXPECT_EQ(open(sealer, sealed.substr(0, i)), "refused") << i;
  }
  EXPECT_EQ(open(sealer, sealed + "A"), "refused");
  EXPECT_EQ(open(sealer, sealed, "other"), "refused");
  EXPECT_EQ(open(sealer, ""), "refused");
  EXPECT_EQ(open(sealer, "not base64!"), "refused");
  EXPECT_EQ(open(sealer, std::string(5'000, 'A')), "refused");
}

TEST_F(SealerTest, OpensWithEverySecretAndSealsWithTheFirst) {
  const Sealer before({kOne});
  const Sealer during({kTwo, kOne});
  const Sealer after({kTwo});
  const std::string old = seal(before, "text");
  EXPECT_EQ(open(during, old), "text renew");
  EXPECT_EQ(open(after, old), "refused");
  const std::string renewed = seal(during, "text");
  EXPECT_EQ(open(during, renewed), "text");
  EXPECT_EQ(open(after, renewed), "text");
  EXPECT_EQ(open(before, renewed), "refused");
}

TEST_F(SealerTest, WithoutSecretsUsesOneOfTheProcess) {
  const Sealer one({});
  const Sealer two({});
  EXPECT_EQ(open(two, seal(one, "text")), "text");
  EXPECT_EQ(open(Sealer({kOne}), seal(one, "text")), "refused");
}

}  // namespace
}  // namespace weir::tls
