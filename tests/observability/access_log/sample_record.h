#pragma once

#include "core/base/arena.h"
#include "core/http/record.h"

namespace weir::access_log {

// A record with every field set.
struct SampleRecord {
  BlockPool pool{4096};
  Arena arena{pool};
  http::Headers request_headers{arena};
  http::Headers response_headers{arena};
  http::ExchangeRecord record;

  SampleRecord() {
    request_headers.add("User-Agent", "curl/8.5.0");
    request_headers.add("Referer", "https://example.com/cart?token=1");
    request_headers.add("X-Tenant", "blue");
    request_headers.add("x-tenant", "green");
    response_headers.add("Content-Type", "text/plain");
    record.start = Nanoseconds(1'700'000'000'123'456'789);
    record.times = {Nanoseconds(100'000), Nanoseconds(150'000),   Nanoseconds(400'000),
                    Nanoseconds(450'000), Nanoseconds(2'000'000), Nanoseconds(2'500'000)};
    record.method = http::Method::kPost;
    record.method_text = "POST";
    record.scheme = "https";
    record.authority = "api.example.com:8443";
    record.path = "/orders/7";
    record.query = "full=1";
    record.has_query = true;
    record.status = 503;
    record.request_body_bytes = 12;
    record.response_body_bytes = 3456;
    record.reason = Reason::kUpstreamTimeout;
    record.attempts = 2;
    record.client_address = "203.0.113.9:51000";
    record.listener = "public";
    record.route = "orders";
    record.upstream = "orders-v1";
    record.endpoint = "10.0.0.7:8080";
    record.request_id = "0192-abc";
    record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    record.request_headers = &request_headers;
    record.response_headers = &response_headers;
  }
};

}  // namespace weir::access_log
