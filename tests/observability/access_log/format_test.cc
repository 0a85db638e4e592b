#include "observability/access_log/format.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/observability/access_log/sample_record.h"

namespace weir::access_log {
namespace {

constexpr std::size_t kLimit = 4096;

std::string lineOf(const Format& format, const http::ExchangeRecord& record,
                   Redaction redaction = Redaction::kNone) {
  std::array<char, 16384> room;
  return {room.data(), format.write(record, redaction, room, kLimit)};
}

std::string expand(std::string_view source, const http::ExchangeRecord& record,
                   Redaction redaction = Redaction::kNone) {
  std::string why;
  const auto format = Format::compile(source, why);
  return format ? lineOf(*format, record, redaction) : "error: " + why;
}

TEST(JsonFormat, TellsTheWholeExchange) {
  const SampleRecord sample;
  EXPECT_EQ(lineOf(Format::json(defaultFields()), sample.record),
            "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"duration\":0.002500,"
            "\"time_connected\":0.000400,\"time_upstream_first_byte\":0.002000,"
            "\"request_bytes\":12,\"response_bytes\":3456,\"response_status\":503,\"attempts\":2,"
            "\"request_id\":\"0192-abc\",\"request_method\":\"POST\",\"request_scheme\":\"https\","
            "\"request_authority\":\"api.example.com:8443\",\"request_path\":\"/orders/7\","
            "\"request_query\":\"full=1\",\"request_protocol\":\"HTTP/1.1\","
            "\"client_address\":\"203.0.113.9:51000\",\"listener\":\"public\",\"route\":\"orders\","
            "\"upstream\":\"orders-v1\",\"upstream_endpoint\":\"10.0.0.7:8080\","
            "\"reason\":\"upstream_timeout\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
            "\"request_header_user_agent\":\"curl/8.5.0\","
            "\"request_header_referer\":\"https://example.com/cart?token=1\"}\n");
}

TEST(JsonFormat, LeavesOutWhatIsNotThere) {
  const http::ExchangeRecord nothing;
  EXPECT_EQ(lineOf(Format::json(defaultFields()), nothing),
            "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"request_bytes\":0,\"response_bytes\":0,"
            "\"attempts\":0,\"request_method\":\"GET\",\"request_protocol\":\"HTTP/1.1\"}\n");
}

TEST(JsonFormat, BeginsWithoutACommaWhateverComesFirst) {
  const http::ExchangeRecord nothing;
  const auto fields = {FieldUse{Field::kRouteName, {}, {}}, FieldUse{Field::kAttempts, {}, {}}};
  EXPECT_EQ(lineOf(Format::json(fields), nothing), "{\"attempts\":0}\n");
  EXPECT_EQ(lineOf(Format::json({}), nothing), "{}\n");
}

TEST(JsonFormat, IsJsonForHostileBytes) {
  SampleRecord sample;
  sample.record.path = "/\"},{\"admin\":true\n\xFF\x01";
  const std::string line = lineOf(Format::json(defaultFields()), sample.record);
  const auto parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed["request_path"], "/\"},{\"admin\":true\n\xEF\xBF\xBD\x01");
  EXPECT_FALSE(parsed.contains("admin"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(TemplateFormat, PutsFieldsIntoText) {
  const SampleRecord sample;
  EXPECT_EQ(expand("${client.address} \"${request.method} ${request.path}\" ${response.status} "
                   "${duration} $$5",
                   sample.record),
            "203.0.113.9:51000 \"POST /orders/7\" 503 0.002500 $5\n");
}

TEST(TemplateFormat, MarksWhatIsNotThere) {
  const http::ExchangeRecord nothing;
  EXPECT_EQ(
      expand("${upstream.name} ${response.status} ${time.connected} ${request.header.x}", nothing),
      "- - - -\n");
}

TEST(TemplateFormat, StaysOneLineForHostileBytes) {
  SampleRecord sample;
  sample.record.path = "/\" 200\nfaked";
  EXPECT_EQ(expand("\"${request.path}\"", sample.record), "\"/\\\" 200\\x0afaked\"\n");
}

TEST(TemplateFormat, KnowsEveryField) {
  const SampleRecord sample;
  EXPECT_EQ(expand("${time.request_head} ${time.routed} ${time.connected} ${time.request_sent} "
                   "${time.upstream_first_byte} ${request.bytes} ${response.bytes} ${attempts} "
                   "${request.id} ${request.scheme} ${request.authority} ${request.host}",
                   sample.record),
            "0.000100 0.000150 0.000400 0.000450 0.002000 12 3456 2 0192-abc https "
            "api.example.com:8443 api.example.com\n");
  EXPECT_EQ(expand("${request.query} ${request.protocol} ${listener.name} ${route.name} "
                   "${upstream.name} ${upstream.endpoint} ${reason} ${trace.id} ${time}",
                   sample.record),
            "full=1 HTTP/1.1 public orders orders-v1 10.0.0.7:8080 upstream_timeout "
            "4bf92f3577b34da6a3ce929d0e0e4736 2023-11-14T22:13:20.123456Z\n");
}

TEST(TemplateFormat, ReadsHeadersOfBothMessages) {
  const SampleRecord sample;
  EXPECT_EQ(expand("${request.header.USER-agent} ${response.header.content-type}", sample.record),
            "curl/8.5.0 text/plain\n");
  EXPECT_EQ(expand("${request.header.x-tenant}", sample.record), "blue, green\n");
}

TEST(TemplateFormat, SaysWhatIsWrong) {
  const http::ExchangeRecord nothing;
  EXPECT_TRUE(expand("${request.colour}", nothing)
                  .starts_with("error: there is no field request.colour; "));
  EXPECT_EQ(expand("${request.id", nothing), "error: a $ begins neither ${...} nor $$");
  EXPECT_EQ(expand("5 $ each", nothing), "error: a $ begins neither ${...} nor $$");
  EXPECT_EQ(expand("a\nb", nothing), "error: contains a line break");
  EXPECT_EQ(expand(std::string(5000, 'x'), nothing), "error: the template is too long");
  EXPECT_EQ(expand("${request.header.}", nothing),
            "error: the name of a header is missing or too long");
}

TEST(TemplateFormat, NeverTakesCredentials) {
  const http::ExchangeRecord nothing;
  EXPECT_EQ(expand("${request.header.Authorization}", nothing),
            "error: the header Authorization holds credentials and is never logged");
  EXPECT_EQ(expand("${response.header.set-cookie}", nothing),
            "error: the header set-cookie holds credentials and is never logged");
  EXPECT_EQ(expand("${request.header.X-API-Key}", nothing),
            "error: the header X-API-Key holds credentials and is never logged");
}

TEST(TemplateFormat, TakesABoundedNumberOfFields) {
  std::string source;
  for (std::size_t i = 0; i < Format::kMaxFields; ++i) source += "${attempts}";
  std::string why;
  EXPECT_TRUE(Format::compile(source, why).has_value());
  EXPECT_FALSE(Format::compile(source + "${attempts}", why).has_value());
  EXPECT_EQ(why, "there are too many fields");
}

TEST(RedactedQuery, IsNeitherInTheTargetNorInTheReferer) {
  const SampleRecord sample;
  EXPECT_EQ(expand("${request.path} ${request.query} ${request.header.referer}", sample.record,
                   Redaction::kQuery),
            "/orders/7 redacted https://example.com/cart?redacted\n");
}

TEST(RedactedSecrets, AreInNeitherOfThem) {
  SampleRecord sample;
  sample.record.query = "page=2&token=secret";
  http::Headers& headers = sample.request_headers;
  headers.set(http::HeaderId::kReferer, "https://example.com/cart?code=secret&x=1");
  EXPECT_EQ(
      expand("${request.query} ${request.header.referer}", sample.record, Redaction::kSecrets),
      "page=2&token=REDACTED https://example.com/cart?code=REDACTED&x=1\n");
  headers.set(http::HeaderId::kReferer, "https://example.com/code");
  sample.record.query = "";
  EXPECT_EQ(
      expand("[${request.query}] ${request.header.referer}", sample.record, Redaction::kSecrets),
      "[-] https://example.com/code\n");
}

TEST(RedactedQuery, LeavesAMissingQueryMissing) {
  SampleRecord sample;
  sample.record.query = "";
  EXPECT_EQ(expand("${request.query}", sample.record, Redaction::kQuery), "-\n");
}

TEST(Format, WritesNothingWhenTheRoomIsTooSmall) {
  const SampleRecord sample;
  std::array<char, 40> room;
  EXPECT_EQ(Format::json(defaultFields()).write(sample.record, Redaction::kNone, room, kLimit), 0U);
}

TEST(Format, FitsABlockWithTheMostHostileValuesWhenTheyAreCut) {
  SampleRecord sample;
  const std::string hostile(60'000, '\x01');
  sample.record.path = sample.record.query = sample.record.authority = hostile;
  std::vector<FieldUse> fields(Format::kMaxFields, FieldUse{Field::kRequestPath, {}, {}});
  std::vector<char> room(64 * 1024);
  const std::size_t size = Format::json(fields).write(sample.record, Redaction::kNone, room, 256);
  EXPECT_GT(size, 0U);
  EXPECT_EQ(room[size - 1], '\n');
}

TEST(FieldNames, AreAllKnown) {
  for (const std::string_view name : fieldNames()) {
    std::string why;
    EXPECT_TRUE(fieldNamed(name, why).has_value()) << name << ": " << why;
  }
}

}  // namespace
}  // namespace weir::access_log
