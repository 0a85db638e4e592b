#include "gateway/transform/error_pages/error_pages.h"

#include <gtest/gtest.h>

#include "gateway/transform/error_pages/format.h"
#include "gateway/transform/metrics.h"
#include "tests/support/filter_bench.h"
#include "tests/support/temporary_directory.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

TEST(PageTemplate, ValuesAreEscapedAsTheFormatRequires) {
  const PageValues values = {"404", "Not Found", "no_route", "id", "GET", "a&b", "/<\"'\\\n>"};
  std::string why;
  const auto page = PageTemplate::parse("${request.host} $$ ${request.path} $5", why);
  ASSERT_TRUE(page);
  BlockPool blocks(4096);
  Arena arena(blocks);
  EXPECT_EQ(page->expand(values, PageFormat::kHtml, arena), "a&amp;b $ /&lt;&quot;&#39;\\?&gt; $5");
  EXPECT_EQ(page->expand(values, PageFormat::kJson, arena),
            "a\\u0026b $ /\\u003c\\\"'\\\\?\\u003e $5");
  EXPECT_EQ(page->expand(values, PageFormat::kText, arena), "a&b $ /<\"'\\?> $5");
  PageValues nested = values;
  nested[6] = "${request.host}";
  EXPECT_EQ(page->expand(nested, PageFormat::kText, arena), "a&b $ ${request.host} $5");
  const std::string large(5000, '"');
  nested[6] = large;
  EXPECT_EQ(page->expand(nested, PageFormat::kHtml, arena).size(), 13 + 6 * 1024);
}

TEST(PageTemplate, MistakesAreNamedWithTheirLine) {
  std::string why;
  EXPECT_FALSE(PageTemplate::parse("a\n${response.stats}", why));
  EXPECT_TRUE(why.starts_with("names the unknown variable ${response.stats} in line 2")) << why;
  EXPECT_FALSE(PageTemplate::parse("${response.status", why));
  EXPECT_EQ(why, "has no end of the variable in line 1");
}

struct Preference {
  std::string_view accept;
  PageFormat format;
};
class Preferences : public testing::TestWithParam<Preference> {};

TEST_P(Preferences, FollowAccept) {
  const bool all[kPageFormats] = {true, true, true};
  EXPECT_EQ(preferredFormat(GetParam().accept, all), GetParam().format) << GetParam().accept;
}

constexpr Preference kPreferences[] = {
    {"", PageFormat::kJson},
    {"*/*", PageFormat::kJson},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PageFormat::kHtml},
    {"application/json", PageFormat::kJson},
    {"text/plain", PageFormat::kText},
    {"text/*", PageFormat::kHtml},
    {"text/html;q=0.1, text/plain;q=0.5", PageFormat::kText},
    {"text/html;q=0, */*", PageFormat::kJson},
    {"application/json;q=0, text/html;q=0.1", PageFormat::kHtml},
    {"text/plain, */*", PageFormat::kText},
    {"image/png", PageFormat::kJson},
};
INSTANTIATE_TEST_SUITE_P(ErrorPages, Preferences, testing::ValuesIn(kPreferences));

TEST(ErrorPages, OnlyAvailableFormatsAreUsed) {
  const bool html[kPageFormats] = {false, true, false};
  EXPECT_EQ(preferredFormat("application/json", html), PageFormat::kHtml);
  EXPECT_EQ(preferredFormat("", html), PageFormat::kHtml);
}

class ErrorPagesTest : public testing::Test {
 protected:
  // The path of a page with this text.
  std::string page(const std::string& name, std::string_view text) {
    const std::string path = folder.path() + "/" + name;
    test::writeFile(path, std::string(text));
    return "'" + path + "'";
  }
  test::TemporaryDirectory folder;
};

constexpr std::string_view kAbort = "{ fault = { abort = { status = 503 } } }";

TEST_F(ErrorPagesTest, LocalRepliesHaveThePreferredFormat) {
  FilterBench bench("[{ error_pages = {} }, " + std::string(kAbort) + "]");
  const BenchMessage json = bench.get("/", {{"accept", "application/json"}});
  EXPECT_EQ(json.status, 503);
  EXPECT_EQ(json.header("content-type"), "application/problem+json");
  EXPECT_EQ(json.header("cache-control"), "no-store");
  EXPECT_TRUE(json.body.starts_with(
      R"({"type":"about:blank","title":"Service Unavailable","status":503,"reason":"fault_abort")"))
      << json.body;
  EXPECT_EQ(json.header("content-length"), std::to_string(json.body.size()));
  const BenchMessage html = bench.get("/", {{"accept", "text/html"}});
  EXPECT_EQ(html.header("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(html.body.find("<h1>503 Service Unavailable</h1>"), std::string::npos);
  EXPECT_EQ(bench.counted(errorPagesKey(ErrorSource::kWeir)), 2U);
  EXPECT_EQ(bench.replies("fault", 503, Reason::kFaultAbort), 2U);
}

TEST_F(ErrorPagesTest, TheFirstPageThatFitsIsUsed) {
  FilterBench bench(
      "[{ error_pages = { pages = [{ statuses = ['404'], text = " + page("404", "missing") +
      " }, { statuses = ['500-599'], reasons = ['fault_abort'], replace_status = 500,"
      " text = " +
      page("500", "${response.status} ${request.path}") + " }] } }, " + std::string(kAbort) + "]");
  const BenchMessage reply = bench.get("/a<b");
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.body.substr(0, 6), "500 /a");
}

TEST_F(ErrorPagesTest, OtherRepliesStay) {
  FilterBench bench("[{ error_pages = { source = 'upstream' } }, " + std::string(kAbort) + "]");
  EXPECT_EQ(bench.get("/").header("content-type"), "application/json");
  EXPECT_EQ(bench.counted(errorPagesKey(ErrorSource::kWeir)), 0U);
}

TEST_F(ErrorPagesTest, ResponsesOfTheUpstreamAreReplaced) {
  FilterBench bench("error_pages", "source = 'any', pages = [{ statuses = ['500-599'], text = " +
                                       page("5xx", "sorry: ${request.id}") + " }]");
  bench.answer("trace of the failure",
               {{"content-type", "text/html"},
                {"content-encoding", "x"},
                {"etag", "\"1\""},
                {"retry-after", "7"},
                {"set-cookie", "a=b"}},
               503);
  const BenchMessage reply = bench.get("/");
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.body.starts_with("sorry: ")) << reply.raw;
  EXPECT_EQ(reply.header("content-length"), std::to_string(reply.body.size()));
  EXPECT_EQ(reply.header("content-encoding") + reply.header("etag"), "");
  EXPECT_EQ(reply.header("retry-after") + reply.header("set-cookie"), "7a=b");
  EXPECT_EQ(bench.counted(errorPagesKey(ErrorSource::kUpstream)), 1U);
  bench.answer("not found", {}, 404);
  EXPECT_EQ(bench.get("/").body, "not found");
  bench.answer("", {}, 500);
  EXPECT_TRUE(bench.get("/").body.starts_with("sorry: "));
}

constexpr std::string_view kFromService =
    "{ error_pages = { source = 'any', pages = [{ statuses = ['500-599'], "
    "from = { upstream = 'service', path = '/errors/${response.status}?a=b' } }] } }";

TEST_F(ErrorPagesTest, PagesOfAServiceAreFetchedOnceInAMinute) {
  FilterBench bench("[" + std::string(kFromService) + ", " + std::string(kAbort) + "]");
  bench.serviceAnswers("<h1>sorry</h1>", {{"content-type", "text/html; charset=utf-8"}});
  EXPECT_EQ(bench.get("/").header("content-type"), "application/json");  // no response waits
  for (int i = 0; i < 3; ++i) {
    const BenchMessage reply = bench.get("/");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.body, "<h1>sorry</h1>");
    EXPECT_EQ(reply.header("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(reply.header("cache-control"), "no-store");
  }
  ASSERT_EQ(bench.asked().size(), 1U);
  EXPECT_EQ(bench.asked().at(0).start, "GET /errors/503?a=b HTTP/1.1");
  bench.pass(FetchedPages::kFresh);
  bench.serviceAnswers("new", {}, 503);
  bench.get("/");
  EXPECT_EQ(bench.get("/").body, "new");
  EXPECT_EQ(bench.asked().size(), 2U);
}

TEST_F(ErrorPagesTest, APageIsKeptWhileItsServiceIsAway) {
  FilterBench bench("[" + std::string(kFromService) + "]");
  bench.answer("trace", {}, 500);
  bench.serviceAnswers("no", {}, 404);
  bench.get("/");
  EXPECT_EQ(bench.get("/").body, "trace");
  EXPECT_EQ(bench.asked().size(), 1U);
  bench.pass(FetchedPages::kRetry);
  bench.serviceAnswers("sorry", {});
  bench.get("/");
  EXPECT_EQ(bench.get("/").body, "sorry");
  bench.pass(FetchedPages::kFresh);
  bench.serviceAnswers(std::string(FetchedPages::kMostBytes + 1, 'x'), {});
  bench.get("/");
  EXPECT_EQ(bench.get("/").body, "sorry");
}

TEST_F(ErrorPagesTest, HeadAndGrpcAreLeftAlone) {
  FilterBench bench("error_pages", "source = 'any'");
  bench.answerRaw("HTTP/1.1 500 Failed\r\ncontent-length: 5\r\n\r\n");
  bench.begin("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(bench.reply().header("content-length"), "5");
  bench.answer("x", {{"content-type", "application/grpc"}}, 503);
  EXPECT_EQ(bench.get("/").body, "x");
}

}  // namespace
}  // namespace weir::gateway
