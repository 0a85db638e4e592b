#include "tests/support/filter_bench.h"

#include <algorithm>

#include "core/base/lower_case.h"
#include "core/base/number.h"

namespace weir::test {
namespace {

constexpr std::string_view kService = "10.0.8.1:80";

// Decodes the chunked coding; false if the last chunk is missing.
bool unchunk(std::string_view text, std::string& body) {
  while (true) {
    const std::size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return false;
    const auto size = parseNumber<std::size_t>(text.substr(0, line), 16).value_or(0);
    text.remove_prefix(line + 2);
    if (size == 0) return true;
    body += text.substr(0, size);
    if (text.size() < size + 2) return false;
    text.remove_prefix(size + 2);
  }
}

BenchMessage parse(const std::string& text) {
  BenchMessage message;
  message.raw = text;
  const std::size_t head = text.find("\r\n\r\n");
  if (head == std::string::npos) return message;
  std::size_t at = text.find("\r\n");
  message.start = text.substr(0, at);
  if (message.start.starts_with("HTTP/1.1 ")) {
    message.status = parseNumber<int>(message.start.substr(9, 3)).value_or(0);
  }
  while (at < head) {
    const std::size_t next = text.find("\r\n", at + 2);
    const std::string line = text.substr(at + 2, next - at - 2);
    const std::size_t colon = line.find(": ");
    message.headers[lowerCase(line.substr(0, colon))] = line.substr(colon + 2);
    at = next;
  }
  message.reason = message.header("x-weir-reason");
  const std::string rest = text.substr(head + 4);
  if (message.header("transfer-encoding") == "chunked") {
    message.complete = unchunk(rest, message.body);
  } else {
    const std::string length = message.header("content-length");
    message.body = rest;
    message.complete = rest.size() >= parseNumber<std::size_t>(length).value_or(0);
  }
  return message;
}

std::string fields(const FilterBench::Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  return text;
}

std::string response(std::string_view body, const FilterBench::Headers& headers, int status) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Scripted\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" + fields(headers) +
         "\r\n" + std::string(body);
}

}  // namespace

std::string BenchMessage::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string() : found->second;
}

FilterBench::FilterBench(std::string_view kind, std::string_view settings)
    : FilterBench("[{ " + std::string(kind) + " = { " + std::string(settings) + " } }]") {}

FilterBench::FilterBench(std::string_view list) : filters_(list) {
  gateway::addFilters(filters);
  clusters["service"] = {{std::string(kService)}};
  answer("hello");
  on_upstream = [this](StreamPeer& upstream) { serve(upstream); };
}

void FilterBench::serve(StreamPeer& upstream) {
  if (upstream.closed() || upstream.ended()) return;
  BenchMessage request = parse(upstream.received());
  if (!request.complete) return;
  upstream.takeReceived();
  const bool service = isService(upstream);
  (service ? asked_ : seen_).push_back(std::move(request));
  if (service && service_answer_.empty()) return unanswered_.push_back(&upstream);
  upstream.send(service ? service_answer_ : answer_);
}

bool FilterBench::isService(const StreamPeer& upstream) const {
  return std::any_of(arrivals.begin(), arrivals.end(), [&](const proxy::Arrival& each) {
    return each.peer.get() == &upstream && each.to.text() == kService;
  });
}

void FilterBench::from(std::string_view address) {
  client_address_ = address;
  if (address.starts_with("unix:")) return;
  const bool six = address.find(':') != std::string_view::npos;
  client_address_ = (six ? "[" + client_address_ + "]" : client_address_) + ":5000";
}

void FilterBench::trustClients() {
  listener_plan.trusted_proxies = {IpRange::parse("0.0.0.0/0").value()};
}

void FilterBench::answer(std::string_view body, const Headers& headers, int status) {
  answer_ = response(body, headers, status);
}

void FilterBench::serviceAnswers(std::string_view body, const Headers& headers, int status) {
  service_answer_ = response(body, headers, status);
}

void FilterBench::serviceAnswersLate(std::string_view body, const Headers& headers, int status) {
  serviceAnswers(body, headers, status);
  for (StreamPeer* const peer : std::exchange(unanswered_, {})) {
    if (!peer->closed()) peer->send(service_answer_);
  }
  turn();
}

void FilterBench::begin(std::string_view head) {
  if (engine == nullptr) {
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nfilters = " + filters_ + "\n");
  }
  client_ = &connect(client_address_);
  send(head);
}

void FilterBench::send(std::string_view bytes) {
  client_->send(bytes);
  turn();
}

void FilterBench::leave() {
  client_->close();
  turn();
}

void FilterBench::runPosted() {
  loop.runOnce();
  turn();
}

BenchMessage FilterBench::reply() { return parse(client_->received()); }

BenchMessage FilterBench::get(std::string_view target, const Headers& headers) {
  begin("GET " + std::string(target) + " HTTP/1.1\r\nHost: shop.test\r\n" + fields(headers) +
        "\r\n");
  return reply();
}

BenchMessage FilterBench::post(std::string_view body, const Headers& headers) {
  begin("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n" + fields(headers) + "\r\n" + std::string(body));
  return reply();
}

std::uint64_t FilterBench::replies(std::string_view kind, int status, Reason reason) {
  return count(proxy::localRepliesKey(listener_plan.id, id("all"), status, reason, id(kind)));
}

}  // namespace weir::test
