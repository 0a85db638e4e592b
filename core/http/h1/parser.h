#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/http/h1/chunk_reader.h"
#include "core/http/h1/head_scanner.h"
#include "core/http/h1/rest_of_body.h"
#include "core/http/limits.h"
#include "core/http/message.h"

struct llhttp__internal_s;

namespace weir::http::h1 {

// The fields of a message that concern its connection and not its meaning.
struct Persistence {
  bool close = false;       // Connection: close
  bool keep_alive = false;  // Connection: keep-alive, which HTTP/1.0 needs
};

// Parses one message, strictly (RFC 9112): ambiguous input is an error.
//
// HeadScanner reads heads that arrive at once and are written as nearly all are. llhttp parses all
// others and trailers, with no lenient flag except for the version; the result must not depend on
// which of the two reads a head. Parser itself handles what llhttp leaves open: methods unknown to
// llhttp, bytes above 0x7F in a target, Host, the form of the target, transfer codings, sizes,
// single spaces. The head is copied once into the exchange's arena, so that all views stay valid
// for the life of the exchange.
class Parser {
 public:
  enum class Event : std::uint8_t { kNeedMore, kHead, kBody, kEnd, kFailed };

  static Parser* forRequest(Arena& arena, Request& request, const Limits& limits);
  // `method` is the request's: a response to HEAD has no body.
  static Parser* forResponse(Arena& arena, Response& response, Method method, const Limits& limits);

  // Consumes `input` up to the next event. kNeedMore leaves it empty.
  Event next(Bytes& input);
  Bytes body() const { return body_; }  // of kBody; valid as long as the input
  const Error& error() const { return error_; }
  const Persistence& persistence() const { return facts_.persistence; }
  bool begun() const { return head_size_ > 0; }
  // True within a body that lasts until the connection closes: it may end now.
  bool mayEndNow() const { return state_ == State::kUntilClose; }
  // The rest of the body, if it is worth reading merely to discard it.
  std::optional<RestOfBody> rest() const;
  // From now on every byte belongs to the body (after 101).
  void becomeTunnel() { state_ = State::kUntilClose; }

 private:
  enum class State : std::uint8_t { kHead, kLength, kChunked, kUntilClose, kEnd, kDone, kFailed };
  enum class HeadPart : std::uint8_t { kMore, kWhole, kFailed };
  struct Callbacks;
  friend struct Callbacks;

  // What the fields of a head say about its message, beyond those that are kept as headers.
  struct Facts {
    std::string_view host;
    std::uint64_t content_length = 0;
    Persistence persistence;
    bool has_host = false;
    bool has_length = false;
    bool chunked = false;
    bool accepts_trailers = false;
    bool expects_continue = false;
    bool connection_upgrade = false;
    std::uint8_t named_count = 0;
    std::uint8_t upgrade_count = 0;
    std::string_view named[4];     // values of Connection that name other fields
    std::string_view upgrades[4];  // values of Upgrade
  };

  Parser(Arena& arena, Headers& headers, Headers& trailers, const Limits& limits);

  // parser.cc
  Event nextHead(Bytes& input);
  Event nextLength(Bytes& input);
  Event nextChunked(Bytes& input);
  Event beginTrailers(Bytes& input);
  Event fail(ErrorCode code, std::string_view detail);
  Event failAsParsed();
  bool addTrailerBytes(std::uint64_t bytes);
  Bytes collect(Bytes input);
  bool fitsLimits();
  void growHead(std::size_t room);
  bool scanHead();
  const char* scanFields(HeadScanner scanner);
  void forgetHead();
  bool addField(std::string_view name, std::string_view value);
  bool addTrailer();
  void enterBody(BodyKind body, std::uint64_t length);
  bool refuse(ErrorCode code, std::string_view detail);

  // parser_llhttp.cc
  void startLlhttp();
  HeadPart parseHead(Bytes piece, std::size_t& taken);
  int continueStartLine(int status);
  int readExtensionMethod(int status);
  int readRawBytes(const char* at);
  bool readRequestLine();
  bool checkRequestLine();
  bool readStatusLine();
  bool agreesOnCoding();
  void startTrailers();
  Event nextTrailers(Bytes& input);
  void extendTrailer(std::string_view& text, std::string_view piece);
  Event failAsLlhttp();

  // parser_head.cc
  bool finishHead();
  bool finishRequest();
  bool finishResponse();
  bool agreesOnFraming();
  bool readTarget();
  bool readConnectTarget();
  bool agreesWithHost(std::string_view authority, std::string_view scheme);
  bool readOrigin(std::string_view target, std::string_view authority);
  bool readAuthority(std::string_view authority);
  void decideRequestBody();
  bool decideResponseBody();
  bool readFramingField(HeaderId id, std::string_view value);
  bool readHost(std::string_view value);
  bool readContentLength(std::string_view value);
  bool readTransferEncoding(std::string_view value);
  bool readExpect(std::string_view value);
  bool readConnection(std::string_view value);
  bool readUpgrade(std::string_view value);
  std::string_view offeredUpgrades();
  void removeNamedByConnection();

  Arena& arena_;
  Headers& headers_;
  Headers& trailers_;
  const Limits& limits_;
  Request* request_ = nullptr;  // either this or response_ is set
  Response* response_ = nullptr;
  llhttp__internal_s* llhttp_ = nullptr;  // in the arena, if it is needed
  Error error_;
  Bytes body_;
  std::uint64_t remaining_ = 0;  // of a body with a length

  char* head_ = nullptr;
  std::size_t head_size_ = 0;
  std::size_t head_capacity_ = 0;
  std::string_view target_;
  std::string_view name_;  // of the field being read
  std::string_view value_;
  std::uint64_t trailer_bytes_ = 0;  // including chunk extensions
  std::uint32_t fields_ = 0;
  State state_ = State::kHead;
  Method asked_ = Method::kGet;
  bool extension_method_ = false;
  bool in_trailers_ = false;
  bool head_complete_ = false;
  bool message_complete_ = false;
  std::uint32_t method_size_ = 0;  // of a method unknown to llhttp, as far as it was read
  Facts facts_;
  char* trailer_room_ = nullptr;  // free memory directly after the trailer text being read
  std::size_t trailer_room_size_ = 0;
  ChunkReader chunks_;
};

}  // namespace weir::http::h1
