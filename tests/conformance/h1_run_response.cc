#include "tests/conformance/h1_run.h"
#include "tests/conformance/h1_text.h"
#include "tests/support/codec_relay.h"
#include "tests/support/raw_message.h"

namespace weir::conformance {
namespace {

using test::CodecRelay;
using test::RawField;
using test::RawMessage;

std::string requestOf(const ResponseCase& each) {
  std::string text = std::string(each.method) + " / HTTP/1.1\r\nHost: a\r\n";
  if (!each.upgrade.empty()) {
    text += "Connection: upgrade\r\nUpgrade: " + std::string(each.upgrade) + "\r\n";
  }
  return text + "\r\n";
}

std::string_view endOf(Seen seen) {
  switch (seen) {
    case Seen::kWhole:
      return "whole\n";
    case Seen::kCutShort:
      return "cut short\n";
    case Seen::kBadGateway:
      return "bad gateway\n";
    case Seen::kNothing:
      return "nothing\n";
    case Seen::kPart:
      return "more may come\n";
    case Seen::kTunnel:
      return "tunnel\n";
  }
  return "";
}

bool isPartial(Seen seen) { return seen == Seen::kCutShort || seen == Seen::kPart; }

std::string expectedText(const ResponseCase& each) {
  std::string text;
  for (const int status : each.informational) text += std::to_string(status) + "\n";
  if (each.seen == Seen::kNothing) return text + std::string(endOf(each.seen));
  text += std::to_string(each.status) + "\n";
  for (const Field& field : each.headers) text += line(field.name, field.value);
  if (each.content_length) text += line("(length)", std::to_string(*each.content_length));
  if (!isPartial(each.seen)) text += line("(body)", each.body);
  for (const Field& field : each.trailers)
    text += line("trailer " + lowerCase(field.name), field.value);
  text += endOf(each.seen);
  const bool matters = each.seen == Seen::kWhole && each.after == After::kStaysOpen;
  if (matters) text += each.reusable ? "(reusable)\n" : "(not reusable)\n";
  return text;
}

// One case, as recorded at the client.
class ResponseRun {
 public:
  explicit ResponseRun(const ResponseCase& each)
      : each_(each), relay_(CodecRelay::Answers::kNever) {
    relay_.clientSends(requestOf(each));
  }

  void feed(const Pieces& pieces) {
    for (const std::string_view piece : pieces) relay_.upstreamSends(piece);
    if (each_.after == After::kEnds) relay_.upstreamEnds();
    if (each_.after == After::kBreaks) relay_.upstreamBreaks();
  }

  std::string text() const {
    std::string text;
    std::string_view bytes = relay_.client().text();
    while (true) {
      if (bytes.empty()) return text + "nothing\n";
      const RawMessage message = test::takeResponse(
          bytes, {.to_head = each_.method == "HEAD", .closed = relay_.client().closed()});
      text += std::to_string(message.status()) + "\n";
      if (message.status() == 101) return text + tunnel(message, bytes);
      if (message.status() >= 200 || message.status() == 0) return text + final(message, bytes);
    }
  }

 private:
  static std::string fields(const RawMessage& message) {
    std::string text;
    for (const RawField& field : message.fields) {
      if (!isFraming(field.name)) text += line(field.name, field.value);
    }
    return text;
  }

  std::string tunnel(const RawMessage& message, std::string_view rest) const {
    std::string text = fields(message) + line("(body)", rest);
    if (message.value("upgrade") != each_.upgrade) text += "  (upgrade to something else)\n";
    const bool ended = relay_.client().ended() == (each_.after == After::kEnds);
    return text + (ended ? "tunnel\n" : "the end is not passed on\n");
  }

  std::string final(const RawMessage& message, std::string_view rest) const {
    std::string text = fields(message);
    if (each_.content_length)
      text += line("(length)", message.value("content-length").value_or(""));
    if (!isPartial(each_.seen)) text += line("(body)", message.body);
    if (isPartial(each_.seen) && !each_.body.starts_with(message.body)) {
      text += line("(wrong body)", message.body);
    }
    for (const RawField& field : message.trailers) {
      text += line("trailer " + field.name, field.value);
    }
    if (!message.fault.empty()) text += "  (fault: " + message.fault + ")\n";
    if (!rest.empty()) text += "  (bytes behind the response)\n";
    return text + end(message);
  }

  std::string end(const RawMessage& message) const {
    if (message.status() == 502) return std::string(endOf(Seen::kBadGateway));
    if (!message.whole) {
      return std::string(endOf(relay_.client().closed() ? Seen::kCutShort : Seen::kPart));
    }
    std::string text(endOf(Seen::kWhole));
    if (each_.after != After::kStaysOpen) return text;
    const CodecRelay::Upstream& upstream = relay_.upstreams().back();
    const bool reusable = upstream.reusable && !upstream.wire.closed();
    return text + (reusable ? "(reusable)\n" : "(not reusable)\n");
  }

  const ResponseCase& each_;
  CodecRelay relay_;
};

}  // namespace

std::string mismatch(const ResponseCase& each, const Pieces& pieces) {
  ResponseRun run(each);
  run.feed(pieces);
  const std::string expected = expectedText(each);
  return run.text() == expected ? "" : "expected:\n" + expected + "found:\n" + run.text();
}

}  // namespace weir::conformance
