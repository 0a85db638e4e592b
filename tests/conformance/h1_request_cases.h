#pragma once

#include <optional>
#include <string_view>
#include <vector>

// The strictness corpus of HTTP/1.1, client side: raw bytes and what weir must make of them.
//
// Every case must have the same outcome however the bytes are cut into reads. What is accepted is
// described as the upstream must receive it; what is refused is described by the client's answer.
namespace weir::conformance {

enum class Expect {
  // Every request of `forwarded` reaches the upstream whole and is answered.
  kAccept,
  // Those of `forwarded` are answered. Then the client gets `status` and the connection closes; the
  // upstream sees no byte of the bad request.
  kReject,
  // As kReject, but only the bad request's body or trailers are broken: the upstream may see its
  // head (the last of `forwarded`) and a part of `body`, never its end.
  kCutShort,
  // The last message is not complete and nothing is wrong so far. With status 200 it is a head, and
  // all of `forwarded` are answered; with 0 it is the last of `forwarded`, whose end the upstream
  // must never see, even when the client goes away now.
  kIncomplete,
};

// Who decides. What the codec lets through may still be refused by the gateway role's defaults.
enum class Level {
  kCodec,
  kGateway,  // path normalisation on, underscores in names refused, CONNECT and h2c not enabled
};

enum class Framing { kNone, kLength, kChunked };

struct Field {
  std::string_view name;
  std::string_view value;
};

// A request as the upstream must receive it. Via, X-Forwarded-*, Forwarded and X-Request-Id, which
// weir adds, are not part of the description and ignored by whoever compares.
struct Forwarded {
  std::string_view method = "GET";
  std::string_view target = "/";
  std::string_view authority = "a";
  std::vector<Field> headers = {};  // all end-to-end fields, in order; names in any case
  Framing framing = Framing::kNone;
  std::string_view body = {};
  std::vector<Field> trailers = {};  // all of them, in order
  bool expects_continue = false;
  std::optional<std::string_view> upgrade = "";  // nullopt: either way will do
};

struct RequestCase {
  std::string_view name;    // a true sentence; unique
  std::string_view source;  // the section of the RFC, or the published attack
  std::string_view bytes;
  Expect expect = Expect::kAccept;
  int status = 200;  // of the last answer; the upstream answers 200 to everything
  std::vector<Forwarded> forwarded = {};
  Level level = Level::kCodec;
  // An accepted case ends with the connection closed, and what follows in `bytes` is not read.
  bool closes = false;
};

std::vector<RequestCase> requestCases();  // all of them

// By topic; each in a file of its own.
const std::vector<RequestCase>& requestLineCases();
const std::vector<RequestCase>& requestTargetCases();
const std::vector<RequestCase>& requestPathCases();
const std::vector<RequestCase>& requestHostCases();
const std::vector<RequestCase>& requestFieldCases();
const std::vector<RequestCase>& requestLimitCases();
const std::vector<RequestCase>& requestLengthCases();
const std::vector<RequestCase>& requestCodingCases();
const std::vector<RequestCase>& requestChunkCases();
const std::vector<RequestCase>& requestTrailerCases();
const std::vector<RequestCase>& requestConnectionCases();
const std::vector<RequestCase>& requestAttackCases();
const std::vector<RequestCase>& requestPipelineCases();

}  // namespace weir::conformance
