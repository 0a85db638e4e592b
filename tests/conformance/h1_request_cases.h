#pragma once

#include <optional>
#include <string_view>
#include <vector>

// The strictness corpus of HTTP/1.1, client side: raw bytes and the required outcome.
//
// Every case must have the same outcome for every division of the bytes into reads. An accepted
// request is described as the upstream must receive it, a refused one by the response to the
// client.
namespace weir::conformance {

enum class Expect {
  // Every request of `forwarded` reaches the upstream completely and is answered.
  kAccept,
  // The requests of `forwarded` are answered. Then the client receives `status` and the connection
  // closes; the upstream receives no byte of the invalid request.
  kReject,
  // Like kReject, but only the body or the trailers of the invalid request are malformed: the
  // upstream may receive its head (the last of `forwarded`) and a part of `body`, but never its
  // end.
  kCutShort,
  // The last message is incomplete and valid so far. With status 200 it is a head, and all of
  // `forwarded` are answered; with 0 it is the last of `forwarded`, whose end the upstream must
  // never receive, even if the client closes the connection now.
  kIncomplete,
};

// The level that decides. The gateway role's defaults may refuse requests that the codec accepts.
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
// weir adds, are not part of the description; comparisons ignore them.
struct Forwarded {
  std::string_view method = "GET";
  std::string_view target = "/";
  std::string_view authority = "a";
  std::vector<Field> headers = {};  // all end-to-end fields, in order; names in any case
  Framing framing = Framing::kNone;
  std::string_view body = {};
  std::vector<Field> trailers = {};  // all of them, in order
  bool expects_continue = false;
  std::optional<std::string_view> upgrade = "";  // nullopt: not checked
};

struct RequestCase {
  std::string_view name;    // a true sentence; unique
  std::string_view source;  // the section of the RFC, or the published attack
  std::string_view bytes;
  Expect expect = Expect::kAccept;
  int status = 200;  // of the last response; the upstream answers 200 to every request
  std::vector<Forwarded> forwarded = {};
  Level level = Level::kCodec;
  // An accepted case ends with the connection closed, and the rest of `bytes` is not read.
  bool closes = false;
};

std::vector<RequestCase> requestCases();  // all of them

// By topic, each in its own file.
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
