#include "observability/otlp/environment.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observability/trace/settings.h"

namespace weir::otlp {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class EnvironmentTest : public ::testing::Test {
 protected:
  Options options() { return optionsOf(settings, kTracesNames, environment); }
  trace::Sampling sampling() {
    return trace::samplingOf(tracing, config::Role::kGateway, environment);
  }

  std::map<std::string, std::string> variables;
  Environment environment{[this](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  }};
  Settings settings;
  trace::Settings tracing;
};

TEST_F(EnvironmentTest, TheDefaults) {
  EXPECT_EQ(options().endpoint.url, "http://localhost:4318/v1/traces");
  EXPECT_EQ(options().timeout, Milliseconds(10'000));
  EXPECT_FALSE(options().gzip);
  EXPECT_THAT(options().resource, Contains(Pair("service.name", "weir")));
  EXPECT_EQ(sampling().ratio, 1);
  EXPECT_EQ(sampling().parent, trace::ParentTrust::kTrusted);
  EXPECT_THAT(environment.warnings(), IsEmpty());
}

TEST_F(EnvironmentTest, TheVariablesOfTheExporter) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4318/base/"},
               {"OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b, x-team=shop"},
               {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
               {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
               {"OTEL_SERVICE_NAME", "edge"},
               {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment.name=prod"}};
  EXPECT_EQ(options().endpoint.url, "https://collector.test:4318/base/v1/traces");
  EXPECT_THAT(options().headers, ElementsAre(Pair("x-key", "a b"), Pair("x-team", "shop")));
  EXPECT_TRUE(options().gzip);
  EXPECT_EQ(options().timeout, Milliseconds(2'500));
  EXPECT_THAT(options().resource, Contains(Pair("service.name", "edge")));
  EXPECT_THAT(options().resource, Contains(Pair("deployment.environment.name", "prod")));
}

TEST_F(EnvironmentTest, ThoseOfTheSignalComeFirst) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a.test"},
               {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b.test/spans"},
               {"OTEL_EXPORTER_OTLP_TIMEOUT", "1"},
               {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"}};
  EXPECT_EQ(options().endpoint.url, "http://b.test/spans");
  EXPECT_EQ(options().timeout, Milliseconds(2));
}

TEST_F(EnvironmentTest, SettingsWin) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a.test"},
               {"OTEL_EXPORTER_OTLP_HEADERS", "x-key=1"},
               {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
               {"OTEL_SERVICE_NAME", "edge"},
               {"OTEL_TRACES_SAMPLER", "always_off"}};
  settings.endpoint = http::Target{"http://c.test", {}, "/", {}, {}};
  settings.headers["x-key"] = config::Secret(config::Secret::Source::kInline, "", "2");
  settings.compression = Compression::kNone;
  settings.service_name = "shop";
  tracing.sample = config::Percent{50};
  EXPECT_EQ(options().endpoint.url, "http://c.test/v1/traces");
  EXPECT_THAT(options().headers, ElementsAre(Pair("x-key", "2")));
  EXPECT_FALSE(options().gzip);
  EXPECT_THAT(options().resource, Contains(Pair("service.name", "shop")));
  EXPECT_EQ(sampling().ratio, 0.5);
}

TEST_F(EnvironmentTest, ThePathOfAnUpstream) {
  settings.endpoint = http::Target{{}, "collector", "/", {}, {}};
  EXPECT_EQ(options().endpoint.pathAndQuery(), "/v1/traces");
  settings.endpoint->path = "/spans";
  EXPECT_EQ(options().endpoint.pathAndQuery(), "/spans");
}

TEST_F(EnvironmentTest, Samplers) {
  variables = {{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
               {"OTEL_TRACES_SAMPLER_ARG", "0.1"}};
  EXPECT_EQ(sampling().ratio, 0.1);
  EXPECT_TRUE(sampling().parent_decides);
  variables["OTEL_TRACES_SAMPLER"] = "traceidratio";
  EXPECT_FALSE(sampling().parent_decides);
  variables["OTEL_TRACES_SAMPLER"] = "parentbased_always_off";
  EXPECT_EQ(sampling().ratio, 0);
  EXPECT_THAT(environment.warnings(), IsEmpty());
}

TEST_F(EnvironmentTest, Propagators) {
  variables = {{"OTEL_PROPAGATORS", "tracecontext,baggage,b3multi"}};
  EXPECT_THAT(sampling().send, ElementsAre(http::TraceFormat::kW3c, http::TraceFormat::kB3Multi));
  tracing.formats_given = true;
  EXPECT_THAT(sampling().send, ElementsAre(http::TraceFormat::kW3c));
}

TEST_F(EnvironmentTest, InvalidValuesAreIgnoredAndReported) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
               {"OTEL_EXPORTER_OTLP_HEADERS", "secret"},
               {"OTEL_EXPORTER_OTLP_COMPRESSION", "br"},
               {"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"},
               {"OTEL_RESOURCE_ATTRIBUTES", "a=%zz"},
               {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
               {"OTEL_PROPAGATORS", "xray"}};
  EXPECT_EQ(options().endpoint.url, "http://localhost:4318/v1/traces");
  EXPECT_EQ(sampling().ratio, 1);
  EXPECT_EQ(environment.warnings().size(), 7U);
  for (const std::string& warning : environment.warnings()) {
    EXPECT_EQ(warning.find("secret"), std::string::npos) << warning;
  }
}

}  // namespace
}  // namespace weir::otlp
