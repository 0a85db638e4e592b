#include "core/route/persistence.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/settings.h"

namespace weir::route {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Nanoseconds wall_clock{0};
Nanoseconds wallClock() { return wall_clock; }

const net::Address kEndpoint = net::Address::parse("10.0.0.1:8080").value();

class PersistenceTest : public testing::Test {
 protected:
  PersistenceTest() { wall_clock = std::chrono::hours(24 * 365 * 55); }

  static std::string mistakes(const std::string& toml) {
    PersistenceSettings settings;
    return read(toml, settings);
  }
  static std::string read(const std::string& toml, PersistenceSettings& out) {
    config::Diagnostics found;
    auto document = config::Document::parse(toml, "test", found);
    config::readSettings(document, config::Extensions(), out, found);
    return found.text();
  }
  static Persistence made(const std::string& toml) {
    PersistenceSettings settings;
    EXPECT_EQ(read(toml, settings), "");
    return Persistence(settings, &wallClock);
  }

  // The field of the response by which a client gets a token for kEndpoint.
  http::Header stored(const Persistence& persistence, const Session* before = nullptr) {
    response.headers.clear();
    persistence.store("orders", kEndpoint, before, request, response);
    EXPECT_EQ(response.headers.size(), 1U);
    return *response.headers.begin();
  }
  static std::string_view valueOf(std::string_view set_cookie) {
    const std::string_view pair = set_cookie.substr(0, set_cookie.find(';'));
    return pair.substr(pair.find('=') + 1);
  }
  std::optional<Session> findCookie(const Persistence& persistence, std::string_view value) {
    request.headers.clear();
    request.headers.add("cookie", arena.copy("a=1; s=" + std::string(value)));
    return persistence.find(request);
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  http::Response response{arena};
};

TEST_F(PersistenceTest, ACookieLeadsToTheEndpoint) {
  const Persistence persistence = made("cookie = 's'");
  EXPECT_FALSE(persistence.find(request));
  const http::Header field = stored(persistence);
  EXPECT_EQ(field.name, "set-cookie");
  EXPECT_THAT(field.value, StartsWith("s="));
  EXPECT_THAT(std::string(field.value), testing::EndsWith("; Path=/; HttpOnly; SameSite=Lax"));
  EXPECT_THAT(std::string(field.value), Not(HasSubstr("10.0.0.1")));
  const auto session = findCookie(persistence, valueOf(field.value));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->upstream, "orders");
  EXPECT_EQ(session->endpoint, kEndpoint.text());
  EXPECT_FALSE(session->renew);
}

TEST_F(PersistenceTest, AHeaderLeadsToTheEndpoint) {
  const Persistence persistence = made("header = 'x-session'");
  const http::Header field = stored(persistence);
  EXPECT_EQ(field.name, "x-session");
  request.headers.add("X-Session", field.value);
  ASSERT_TRUE(persistence.find(request));
  EXPECT_EQ(persistence.find(request)->endpoint, kEndpoint.text());
}

TEST_F(PersistenceTest, ATokenThatWasForgedOrMovedIsNoSession) {
  const Persistence persistence = made("cookie = 's'");
  EXPECT_FALSE(findCookie(persistence, "10.0.0.1:8080"));
  EXPECT_FALSE(findCookie(persistence, ""));
  const Persistence other = made("cookie = 't'");
  EXPECT_FALSE(findCookie(persistence, valueOf(stored(other).value)));
}

TEST_F(PersistenceTest, ASessionEndsAfterItsAbsoluteTimeout) {
  const Persistence persistence = made("cookie = 's'\nabsolute_timeout = '1h'");
  const std::string token(valueOf(stored(persistence).value));
  wall_clock += 59min;
  const auto session = findCookie(persistence, token);
  ASSERT_TRUE(session);
  // A new token for another endpoint does not extend it.
  const std::string second(valueOf(stored(persistence, &*session).value));
  wall_clock += 1min;
  EXPECT_FALSE(findCookie(persistence, token));
  EXPECT_FALSE(findCookie(persistence, second));
}

TEST_F(PersistenceTest, AClockThatIsBehindIsTolerated) {
  const Persistence persistence = made("cookie = 's'");
  const std::string token(valueOf(stored(persistence).value));
  wall_clock -= 4min;
  EXPECT_TRUE(findCookie(persistence, token));
  wall_clock -= 2min;
  EXPECT_FALSE(findCookie(persistence, token));
}

TEST_F(PersistenceTest, AttributesFollowTheSettings) {
  request.scheme = "https";
  const Persistence persistence = made(
      "absolute_timeout = '1h'\n"
      "cookie = { name = 's', path = '/shop', domain = 'example.com', same_site = 'strict', "
      "http_only = false, permanent = true }");
  EXPECT_THAT(
      std::string(stored(persistence).value),
      testing::EndsWith("; Path=/shop; Domain=example.com; Max-Age=3600; Secure; SameSite=Strict"));
  Session before;
  before.begun = wall_clock - 20min;
  EXPECT_THAT(std::string(stored(persistence, &before).value), HasSubstr("; Max-Age=2400;"));
  const Persistence never = made("cookie = { name = 's', secure = 'never' }");
  EXPECT_THAT(std::string(stored(never).value), Not(HasSubstr("Secure")));
}

TEST_F(PersistenceTest, ASecretIsReplacedWithoutLosingASession) {
  const std::string one(32, '1');
  const std::string two(32, '2');
  const Persistence before = made("cookie = 's'\nsecrets = ['" + one + "']");
  const Persistence during = made("cookie = 's'\nsecrets = ['" + two + "', '" + one + "']");
  const Persistence after = made("cookie = 's'\nsecrets = ['" + two + "']");
  const std::string token(valueOf(stored(before).value));
  const auto session = findCookie(during, token);
  ASSERT_TRUE(session);
  EXPECT_TRUE(session->renew);
  EXPECT_TRUE(findCookie(after, valueOf(stored(during, &*session).value)));
  EXPECT_FALSE(findCookie(after, token));
}

TEST_F(PersistenceTest, MistakesAreReported) {
  EXPECT_THAT(mistakes(""), HasSubstr("header"));
  EXPECT_THAT(mistakes("cookie = 's'\nheader = 'x'"), HasSubstr("header"));
  EXPECT_THAT(mistakes("cookie = 'a b'"), HasSubstr("is not the name of a cookie"));
  EXPECT_THAT(mistakes("header = 'a b'"), HasSubstr("is not a name of a field"));
  EXPECT_THAT(mistakes("header = 'content-length'"), HasSubstr("frames the message"));
  EXPECT_THAT(mistakes("cookie = { name = 's', path = '/;a' }"), HasSubstr("must not contain"));
  EXPECT_THAT(mistakes("cookie = { name = 's', permanent = true }"),
              HasSubstr("needs absolute_timeout"));
  EXPECT_THAT(mistakes("cookie = { name = 's', same_site = 'none', secure = 'never' }"),
              HasSubstr("without Secure"));
  EXPECT_THAT(mistakes("cookie = 's'\nsecrets = ['short']"), HasSubstr("has less than 32 bytes"));
}

}  // namespace
}  // namespace weir::route
