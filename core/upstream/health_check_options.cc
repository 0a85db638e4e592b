#include "core/upstream/health_check_options.h"

#include <algorithm>
#include <utility>

#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/config/table.h"
#include "core/http/syntax.h"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using Initial = HealthCheckOptions::Initial;
using StatusRange = HttpCheckOptions::StatusRange;

constexpr std::size_t kMostExpected = 1024;  // bytes of a body or of what an endpoint sends
constexpr int kFirstStatus = 100;
constexpr int kLastStatus = 599;

constexpr std::pair<std::string_view, Initial> kInitials[] = {{"healthy", Initial::kHealthy},
                                                              {"unhealthy", Initial::kUnhealthy}};

std::optional<StatusRange> parseStatusRange(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parseNumber<int>(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parseNumber<int>(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  if (*first < kFirstStatus || *last > kLastStatus) return std::nullopt;
  return StatusRange{*first, *last};
}

void checkHeaders(config::Table& table, const HttpCheckOptions& options) {
  for (const auto& [name, value] : options.headers) {
    if (!http::isToken(name) || !isFieldText(value)) {
      table.fail("headers", "has an invalid field: " + printable(name, 64));
    } else if (http::isFramingField(http::headerId(name))) {
      table.fail("headers", "cannot set " + name, name == "host" ? "host" : "");
    }
  }
}

void readRanges(config::Table& table, HttpCheckOptions& out) {
  out.ranges.clear();
  for (std::size_t i = 0; i < out.expected_statuses.size(); ++i) {
    const auto range = parseStatusRange(out.expected_statuses[i]);
    if (range) {
      out.ranges.push_back(*range);
    } else {
      table.failElement("expected_statuses", i,
                        "is neither a status nor a range such as \"200-299\"");
    }
  }
}

}  // namespace

void HttpCheckOptions::read(config::Table& table, HttpCheckOptions& out) {
  table.read("path", out.path, "Path and query of the request.");
  table.read("method", out.method, "Method of the request.");
  table.read("host", out.host,
             "Host of the request. Default: that of weir's own requests to the upstream, which is "
             "the name in its certificate, the name that discovery resolves, or its own name.");
  table.read("headers", out.headers, "Headers of the request.");
  table.read("expected_statuses", out.expected_statuses,
             "Statuses of a healthy endpoint, such as `200` or `200-299`.", {.min_size = 1});
  table.read("expected_body", out.expected_body,
             "Text that the body of the response contains within its first 64 KiB, at most 1 KiB. "
             "Default: any body.",
             {.max_size = kMostExpected});
  if (!out.path.starts_with('/') || !http::isTargetText(out.path)) {
    table.fail("path", "is not a path that begins with \"/\"");
  }
  if (!http::isToken(out.method) || out.method == "CONNECT") {
    table.fail("method", "is not a method that can be used");
  }
  if (out.host && !http::isAuthority(*out.host)) table.fail("host", "is not a host name");
  checkHeaders(table, out);
  readRanges(table, out);
}

bool HttpCheckOptions::expects(int status) const {
  return std::any_of(ranges.begin(), ranges.end(), [status](const StatusRange& range) {
    return status >= range.first && status <= range.last;
  });
}

void GrpcCheckOptions::read(config::Table& table, GrpcCheckOptions& out) {
  table.read("service", out.service,
             "Name of the service that is asked for. Default: the server as a whole.",
             {.max_size = 255});
  table.read("authority", out.authority, "Authority of the call. Default: as for `http.host`.");
  if (out.authority && !http::isAuthority(*out.authority)) {
    table.fail("authority", "is not a host name");
  }
}

void TcpCheckOptions::read(config::Table& table, TcpCheckOptions& out) {
  table.read("send", out.send, "Text that is sent once connected. Default: nothing.",
             {.max_size = kMostExpected});
  table.read("expect", out.expect,
             "Text with which the endpoint's answer begins. Default: being connected suffices.",
             {.max_size = kMostExpected});
}

void HealthCheckOptions::read(config::Table& table, HealthCheckOptions& out) {
  table.read("http", out.http,
             "HTTP request: an endpoint is healthy if its response has an expected status.");
  table.read("grpc", out.grpc,
             "Call of grpc.health.v1.Health/Check: an endpoint is healthy if it is SERVING. "
             "Requires HTTP/2.");
  table.read("tcp", out.tcp,
             "Connection, including the TLS handshake if the upstream has TLS: an endpoint is "
             "healthy if it accepts.");
  table.read("interval", out.interval, "Time between two checks of an endpoint.",
             {.min = 10ms, .max = 24h});
  table.read("unhealthy_interval", out.unhealthy_interval,
             "Time between two checks of an endpoint that is unhealthy, or whose latest check "
             "failed.",
             {.min = 10ms, .max = 24h});
  table.read("jitter", out.jitter,
             "Random change of each interval, up or down, so that nodes do not check at the same "
             "time.",
             {.max = config::Percent{50}});
  table.read("timeout", out.timeout, "Time limit for a check, including the connection.",
             {.min = 1ms, .max = 1h});
  table.read("healthy_threshold", out.healthy_threshold,
             "Number of consecutive checks that must succeed before an unhealthy endpoint is used "
             "again. The first check of an endpoint decides alone.",
             {.min = 1, .max = 1000});
  table.read("unhealthy_threshold", out.unhealthy_threshold,
             "Number of consecutive checks that must fail before an endpoint gets no more traffic. "
             "The first check of an endpoint decides alone.",
             {.min = 1, .max = 1000});
  table.read("initial", out.initial, kInitials,
             "State of an endpoint before its first check. unhealthy: it gets no traffic until "
             "then.");
  table.exactlyOneOf({"http", "grpc", "tcp"});
}

}  // namespace weir::upstream
