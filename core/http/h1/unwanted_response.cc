#include "core/http/h1/unwanted_response.h"

namespace weir::http::h1 {

UnwantedResponse::Event UnwantedResponse::next(Bytes& input) {
  const std::size_t before = input.size();
  Event event = Event::kFailed;
  if (rest_) {
    event = static_cast<Event>(rest_->next(input));
  } else {
    event = parse(input);
  }
  taken_ += before - input.size();
  return taken_ > kMostBytes ? Event::kFailed : event;
}

void UnwantedResponse::begin() {
  response_ = Response(arena_);
  parser_ = Parser::forResponse(arena_, response_, method_, limits_);
}

UnwantedResponse::Event UnwantedResponse::parse(Bytes& input) {
  if (parser_ == nullptr) begin();
  while (true) {
    switch (parser_->next(input)) {
      case Parser::Event::kNeedMore:
        return Event::kNeedMore;
      case Parser::Event::kHead:
        if (readHead() == Event::kFailed) return Event::kFailed;
        break;
      case Parser::Event::kBody:
        break;
      case Parser::Event::kEnd:
        return Event::kEnd;
      case Parser::Event::kFailed:
        return Event::kFailed;
    }
  }
}

// kFailed: the connection is not reusable after this response, or the response is too long.
UnwantedResponse::Event UnwantedResponse::readHead() {
  if (response_.status == 101) return Event::kFailed;  // unsolicited
  if (response_.status < 200) {
    begin();
    return Event::kNeedMore;
  }
  const Persistence& said = parser_->persistence();
  const bool ends = said.close || (response_.version == Version::kHttp10 && !said.keep_alive);
  const bool endless = parser_->mayEndNow();
  const bool long_body =
      response_.body == BodyKind::kLength && response_.content_length > kMostBytes;
  return ends || endless || long_body ? Event::kFailed : Event::kNeedMore;
}

}  // namespace weir::http::h1
