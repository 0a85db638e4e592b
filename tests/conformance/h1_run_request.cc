#include <algorithm>

#include "tests/conformance/h1_run.h"
#include "tests/conformance/h1_text.h"
#include "tests/support/codec_relay.h"
#include "tests/support/raw_message.h"

namespace weir::conformance {
namespace {

using test::CodecRelay;
using test::RawField;
using test::RawFraming;
using test::RawMessage;

constexpr std::size_t kOrdinarySize = 2000;
constexpr std::size_t kNearAnEnd = 150;
constexpr std::size_t kStride = 4001;

std::string headOf(const Forwarded& each) {
  std::string text = std::string(each.method) + " " + std::string(each.target) + " HTTP/1.1\n";
  text += line("host", each.authority);
  for (const Field& field : each.headers) text += line(field.name, field.value);
  if (each.expects_continue) text += "  (expects to continue)\n";
  if (each.upgrade && !each.upgrade->empty()) text += line("(upgrade)", *each.upgrade);
  return text;
}

std::string bodyOf(std::string_view body, bool chunked) {
  if (chunked) return "  chunked body: " + std::string(body) + "\n";
  return body.empty() ? "" : "  body: " + std::string(body) + "\n";
}

std::string describe(const Forwarded& each) {
  std::string text = headOf(each) + bodyOf(each.body, each.framing == Framing::kChunked);
  for (const Field& field : each.trailers)
    text += line("trailer " + lowerCase(field.name), field.value);
  return text;
}

// The same text, from the bytes on the wire. Host comes first (RFC 9110, 7.2).
std::string headOf(const RawMessage& message, bool with_upgrade) {
  std::string text = message.start_line + "\n";
  if (message.fields.empty() || message.fields[0].name != "host") text += "  (Host is not first)\n";
  if (message.count("host") != 1) text += "  (not one Host)\n";
  text += line("host", message.value("host").value_or(""));
  for (const RawField& field : message.fields) {
    if (!isFraming(field.name)) text += line(field.name, field.value);
  }
  if (message.value("expect") == "100-continue") text += "  (expects to continue)\n";
  const auto upgrade = message.value("upgrade");
  if (upgrade && with_upgrade) text += line("(upgrade)", *upgrade);
  return text;
}

std::string describe(const RawMessage& message, bool with_upgrade) {
  std::string text =
      headOf(message, with_upgrade) + bodyOf(message.body, message.framing == RawFraming::kChunked);
  for (const RawField& field : message.trailers) text += line("trailer " + field.name, field.value);
  if (!message.fault.empty()) text += "  (fault: " + message.fault + ")\n";
  return text;
}

std::size_t unfinishedOf(const RequestCase& each) {
  const bool unfinished =
      each.expect == Expect::kCutShort || (each.expect == Expect::kIncomplete && each.status == 0);
  return unfinished && !each.forwarded.empty() ? 1 : 0;
}

const Forwarded* forwardedAt(const RequestCase& each, std::size_t index) {
  return index < each.forwarded.size() ? &each.forwarded[index] : nullptr;
}

// One case, as recorded at the upstreams and at the client.
class RequestRun {
 public:
  RequestRun(const RequestCase& each, Timing timing)
      : each_(each),
        timing_(timing),
        relay_(timing == Timing::kAtOnce ? CodecRelay::Answers::kAtOnce
                                         : CodecRelay::Answers::kWhenTold) {}

  void feed(const Pieces& pieces) {
    for (const std::string_view piece : pieces) {
      relay_.clientSends(piece);
      if (timing_ == Timing::kAfterEachRead) answerAll();
    }
    answerAll();
  }

  void clientGoes() { relay_.clientEnds(); }

  std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < relay_.upstreams().size(); ++i) text += describeUpstream(i);
    return text + "answers:" + answers() + (relay_.client().closed() ? " closed" : " open") + "\n";
  }

 private:
  void answerAll() {
    while (relay_.answerOne()) {
    }
  }

  std::string describeUpstream(std::size_t index) const {
    const CodecRelay::Upstream& upstream = relay_.upstreams()[index];
    std::string_view bytes = upstream.wire.text();
    const RawMessage message = test::takeRequest(bytes);
    const Forwarded* expected = forwardedAt(each_, index);
    const bool with_upgrade = expected == nullptr || expected->upgrade.has_value();
    std::string text;
    if (!bytes.empty()) text += "(bytes behind the request)\n";
    if (upstream.wire.writtenAfterClose()) text += "(bytes behind the close)\n";
    if (message.whole && !upstream.cancelled) return text + describe(message, with_upgrade);
    return text + describePart(message, expected, index);
  }

  // Empty if it is a part that the case allows the upstream to receive.
  std::string describePart(const RawMessage& message, const Forwarded* expected,
                           std::size_t index) const {
    const bool allowed = unfinishedOf(each_) == 1 && index + 1 == each_.forwarded.size();
    const bool as_expected = allowed && message.has_head && message.fault.empty() &&
                             !message.whole && headOf(message, true) == headOf(*expected) &&
                             expected->body.starts_with(message.body) && message.trailers.empty();
    return as_expected ? "" : "(a part of a request) " + describe(message, true);
  }

  std::string answers() const {
    std::string text;
    std::string_view bytes = relay_.client().text();
    for (std::size_t i = 0; !bytes.empty(); ++i) {
      const Forwarded* expected = forwardedAt(each_, i);
      const RawMessage message =
          test::takeResponse(bytes, {.to_head = expected != nullptr && expected->method == "HEAD",
                                     .closed = relay_.client().closed()});
      text += " " + std::to_string(message.status());
      if (!message.whole || !message.fault.empty()) return text + " (fault: " + message.fault + ")";
    }
    return text;
  }

  const RequestCase& each_;
  const Timing timing_;
  CodecRelay relay_;
};

std::string expectedText(const RequestCase& each) {
  std::string text;
  std::string answers = "answers:";
  for (std::size_t i = 0; i + unfinishedOf(each) < each.forwarded.size(); ++i) {
    text += describe(each.forwarded[i]);
    answers += " 200";
  }
  const bool refused = each.expect == Expect::kReject || each.expect == Expect::kCutShort;
  if (refused) answers += " " + std::to_string(each.status);
  return text + answers + (refused || each.closes ? " closed" : " open") + "\n";
}

std::string report(std::string_view expected, std::string_view found) {
  return "expected:\n" + std::string(expected) + "found:\n" + std::string(found);
}

// Other layers refuse such a request; the codec's output must only be the same for every division.
std::string gatewayMismatch(const RequestCase& each, const Pieces& pieces, Timing timing) {
  RequestRun first(each, Timing::kAtOnce);
  first.feed(whole(each.bytes));
  RequestRun run(each, timing);
  run.feed(pieces);
  return run.text() == first.text() ? "" : report(first.text(), run.text());
}

}  // namespace

Pieces whole(std::string_view bytes) { return {bytes}; }

Pieces byteByByte(std::string_view bytes) {
  Pieces pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
  return pieces;
}

Pieces cutAt(std::string_view bytes, std::size_t position) {
  return {bytes.substr(0, position), bytes.substr(position)};
}

std::vector<std::size_t> cutPositions(std::size_t size) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 1; i < size;) {
    positions.push_back(i);
    const bool near_an_end = i < kNearAnEnd || i + kNearAnEnd >= size;
    const std::size_t step = size <= kOrdinarySize || near_an_end ? 1 : kStride;
    const bool passes_over = step > 1 && i + step + kNearAnEnd > size;
    i = passes_over ? size - kNearAnEnd : i + step;
  }
  return positions;
}

std::string mismatch(const RequestCase& each, const Pieces& pieces, Timing timing) {
  if (each.level == Level::kGateway) return gatewayMismatch(each, pieces, timing);
  RequestRun run(each, timing);
  run.feed(pieces);
  const std::string expected = expectedText(each);
  if (run.text() != expected) return report(expected, run.text());
  if (each.expect != Expect::kIncomplete) return "";
  // The client closes the connection: the upstream must not treat its request as complete, whatever
  // the client received.
  run.clientGoes();
  const std::string requests = expected.substr(0, expected.rfind("answers:"));
  const std::string found = run.text();
  const bool same = found.substr(0, found.rfind("answers:")) == requests;
  return same ? "" : "after the client went, " + report(requests, found);
}

}  // namespace weir::conformance
