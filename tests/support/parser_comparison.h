#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/http/h1/parser.h"

namespace weir::test {

// Compares what http::h1::Parser makes of a message with the help of HeadScanner and of llhttp:
// every member of its head, its body and trailers, the number of bytes behind it, and the reason if
// it is refused.
class ParserComparison {
 public:
  explicit ParserComparison(const http::Limits& limits = {}) : limits_(limits) {}

  // Both results if they differ, otherwise nothing.
  std::string differenceOfRequest(std::string_view bytes) {
    return difference(ofRequest(bytes, Reader::kScanner), ofRequest(bytes, Reader::kLlhttp));
  }
  std::string differenceOfResponse(std::string_view bytes,
                                   http::Method asked = http::Method::kGet) {
    return difference(ofResponse(bytes, asked, Reader::kScanner),
                      ofResponse(bytes, asked, Reader::kLlhttp));
  }

 private:
  using Parser = http::h1::Parser;

  // HeadScanner reads only heads that arrive at once: if the first byte arrives alone, llhttp reads
  // the same message.
  enum class Reader { kScanner, kLlhttp };

  static std::string difference(const std::string& scanner, const std::string& llhttp) {
    return scanner == llhttp ? "" : "by the scanner:\n" + scanner + "\nby llhttp:\n" + llhttp;
  }

  std::string ofRequest(std::string_view bytes, Reader reader) {
    Arena arena(blocks_);
    http::Request request(arena);
    return read(*Parser::forRequest(arena, request, limits_), request, bytes, reader);
  }
  std::string ofResponse(std::string_view bytes, http::Method asked, Reader reader) {
    Arena arena(blocks_);
    http::Response response(arena);
    return read(*Parser::forResponse(arena, response, asked, limits_), response, bytes, reader);
  }

  template <typename Message>
  static std::string read(Parser& parser, const Message& message, std::string_view bytes,
                          Reader reader) {
    const std::size_t alone = reader == Reader::kScanner ? bytes.size() : 1;
    Bytes input = asBytes(bytes.substr(0, alone));
    std::string_view rest = bytes.substr(input.size());
    std::string text;
    while (true) {
      switch (parser.next(input)) {
        case Parser::Event::kNeedMore:
          if (rest.empty()) return text + (parser.mayEndNow() ? "\nmay end" : "\nincomplete");
          input = asBytes(std::exchange(rest, {}));
          break;
        case Parser::Event::kHead:
          text += describe(message) + describe(parser.persistence());
          break;
        case Parser::Event::kBody:
          text += asText(parser.body());
          break;
        case Parser::Event::kEnd:
          return text + "\n" + describe(message.trailers) + number(input.size() + rest.size());
        case Parser::Event::kFailed:
          return text + "\n" + describe(parser.error());
      }
    }
  }

  template <typename Value>
  static std::string number(Value value) {
    return std::to_string(static_cast<unsigned long long>(value)) + " ";
  }
  static std::string quoted(std::string_view text) { return "'" + std::string(text) + "' "; }

  static std::string describe(const http::Request& request) {
    return number(request.method) + quoted(request.method_text) + number(request.version) +
           quoted(request.authority) + quoted(request.path) + number(request.has_query) +
           quoted(request.query) + quoted(request.upgrade) + number(request.body) +
           number(request.content_length) + number(request.expects_continue) +
           number(request.accepts_trailers) + "\n" + describe(request.headers);
  }
  static std::string describe(const http::Response& response) {
    return number(response.status) + number(response.version) + quoted(response.upgrade) +
           number(response.body) + number(response.has_content_length) +
           number(response.content_length) + "\n" + describe(response.headers);
  }
  static std::string describe(const http::Headers& headers) {
    std::string text;
    for (const http::Header& field : headers) {
      text += number(field.id) + quoted(field.name) + quoted(field.value) + "\n";
    }
    return text;
  }
  static std::string describe(const http::h1::Persistence& said) {
    return number(said.close) + number(said.keep_alive) + "\n";
  }
  static std::string describe(const Error& error) {
    return "refused: " + number(error.code) + number(error.origin) + std::string(error.detail);
  }

  BlockPool blocks_{4096};
  const http::Limits limits_;
};

}  // namespace weir::test
