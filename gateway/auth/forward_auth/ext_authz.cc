#include "gateway/auth/forward_auth/ext_authz.h"

#include <algorithm>
#include <utility>

#include "core/base/lower_case.h"
#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/base/protobuf.h"
#include "core/base/utf8.h"
#include "core/http/grpc_call.h"
#include "core/http/syntax.h"
#include "gateway/transform/json/text.h"

namespace weir::gateway::forward_auth {
namespace {

constexpr std::size_t kMostCheckResponse = std::size_t{256} * 1024;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr auto kLastGrpcCode = static_cast<int>(http::GrpcCode::kUnauthenticated);
constexpr auto kPermissionDenied = static_cast<int>(http::GrpcCode::kPermissionDenied);

// Strings of proto3 must be UTF-8: "!" stands for every other byte, as in other proxies.
std::string utf8(std::string_view text) {
  std::string valid(text.size(), '\0');
  copyAsUtf8(valid.data(), text, '!');
  return valid;
}

ProtoWriter entry(std::string_view key, std::string_view value) {
  ProtoWriter made;
  made.text(1, key).text(2, value);
  return made;
}

// Peer
ProtoWriter peerOf(const http::ExchangeRecord& record) {
  ProtoWriter socket;
  socket.text(2, utf8(record.client_address));
  ProtoWriter peer;
  peer.message(1, ProtoWriter().message(1, socket));
  peer.text(4, utf8(record.client_identity));
  return peer;
}

std::string_view protocolOf(http::Version version) {
  switch (version) {
    case http::Version::kHttp10:
      return "HTTP/1.0";
    case http::Version::kHttp11:
      return "HTTP/1.1";
    default:
      return "HTTP/2";
  }
}

// The values of one name are joined, as the message has a map.
void addHeaders(const Settings& settings, const http::Headers& headers, ProtoWriter& to) {
  std::vector<std::pair<std::string, std::string>> joined;
  for (const http::Header& field : headers) {
    if (!settings.sends(field)) continue;
    const std::string name = lowerCase(field.name);
    const auto found = std::ranges::find(joined, name, [](const auto& each) { return each.first; });
    if (found == joined.end()) {
      joined.emplace_back(name, utf8(field.value));
    } else {
      found->second += (name == "cookie" ? "; " : ",") + utf8(field.value);
    }
  }
  for (const auto& [name, value] : joined) to.message(3, entry(name, value));
}

// AttributeContext.HttpRequest
ProtoWriter httpOf(const Settings& settings, const Subject& subject) {
  const http::Request& request = subject.request;
  std::string path = utf8(request.path);
  if (request.has_query) path += "?" + utf8(request.query);
  ProtoWriter http;
  http.text(1, subject.control.record().request_id).text(2, request.method_text);
  addHeaders(settings, request.headers, http);
  http.text(4, path).text(5, utf8(request.authority)).text(6, request.scheme);
  const bool known = request.body == http::BodyKind::kLength;
  const bool none = request.body == http::BodyKind::kNone;
  constexpr auto kUnknown = static_cast<std::uint64_t>(-1);
  http.number(9, known ? request.content_length : (none ? 0 : kUnknown));
  http.text(10, protocolOf(request.version));
  http.text(json::isUtf8(subject.body) ? 11 : 12, subject.body);
  return http;
}

ProtoWriter timeOf(Nanoseconds since_1970) {
  const auto count = static_cast<std::uint64_t>(since_1970.count());
  ProtoWriter time;
  time.number(1, count / kNanosecondsPerSecond).number(2, count % kNanosecondsPerSecond);
  return time;
}

// Reads a CheckResponse. Fields of an unexpected type make it malformed.
class ResponseReader {
 public:
  explicit ResponseReader(const Settings& settings) : settings_(settings) {}

  Answer read(std::string_view message) {
    const bool good = each(message, [this](const ProtoField& field) { return onField(field); });
    if (!good) return Answer::failed("the answer of the auth service is malformed");
    if (fields_ > Answer::kMostFields || out_.body.size() > Answer::kMostBody) {
      return Answer::failed("the answer of the auth service is too large");
    }
    if (error_) return Answer::failed("the auth service failed");
    if (!has_status_ && !admits_ && !denies_) {
      return Answer::failed("the answer of the auth service is empty");
    }
    return status_ == 0 && !denies_ ? admission() : refusal();
  }

 private:
  template <typename Visit>
  static bool each(std::string_view message, Visit visit) {
    ProtoReader reader(message);
    ProtoField field;
    while (reader.next(field)) {
      if (!visit(field)) return false;
    }
    return !reader.malformed();
  }

  bool onField(const ProtoField& field) {
    if (field.number < 1 || field.number > 5) return true;
    if (!field.is_text) return false;
    switch (field.number) {
      case 1:
        has_status_ = true;
        return each(field.text, [this](const ProtoField& part) { return onStatus(part); });
      case 2:
        denies_ = true;
        return each(field.text, [this](const ProtoField& part) { return onDenied(part); });
      case 3:
        admits_ = true;
        return each(field.text, [this](const ProtoField& part) { return onOk(part); });
      case 5:
        error_ = true;
        return true;
      default:
        return true;
    }
  }

  // google.rpc.Status
  bool onStatus(const ProtoField& field) {
    if (field.number != 1) return true;
    if (field.is_text) return false;
    status_ = static_cast<std::int32_t>(field.value);
    return true;
  }

  // DeniedHttpResponse
  bool onDenied(const ProtoField& field) {
    if (field.number < 1 || field.number > 3) return true;
    if (!field.is_text) return false;
    if (field.number == 3) {
      out_.body = field.text;
      return true;
    }
    if (field.number == 2) return onHeader(field.text, denied_fields_);
    return each(field.text, [this](const ProtoField& part) {
      if (part.number == 1 && !part.is_text) http_status_ = part.value;
      return true;
    });
  }

  // OkHttpResponse
  bool onOk(const ProtoField& field) {
    if (field.number != 2 && (field.number < 5 || field.number > 8)) return true;
    if (!field.is_text) return false;
    switch (field.number) {
      case 2:
        return onHeader(field.text, out_.request_fields);
      case 5:
        ++fields_;
        removed_.emplace_back(field.text);
        return true;
      case 6:
        return onHeader(field.text, admitted_fields_);
      case 7:
        return onParameter(field.text);
      default:
        ++fields_;
        out_.query_removed.emplace_back(field.text);
        return true;
    }
  }

  bool onParameter(std::string_view message) {
    ++fields_;
    std::pair<std::string, std::string> parameter;
    const bool good = each(message, [&](const ProtoField& field) {
      if (field.number == 1) parameter.first = field.text;
      if (field.number == 2) parameter.second = field.text;
      return true;
    });
    out_.query_set.push_back(std::move(parameter));
    return good;
  }

  // HeaderValueOption
  struct Option {
    FieldEdit edit{{}, {}, FieldEdit::Verb::kOverwrite};
    bool keeps_empty = false;
  };
  bool onHeader(std::string_view message, std::vector<FieldEdit>& to) {
    Option option;
    std::optional<bool> appends;
    std::uint64_t action = 0;
    const bool good = each(message, [&](const ProtoField& field) {
      if (field.number == 1 && field.is_text) return onHeaderValue(field.text, option.edit);
      if (field.number == 2 && field.is_text) return onBool(field.text, appends);
      if (field.number == 3) action = field.value;
      if (field.number == 4) option.keeps_empty = field.value != 0;
      return true;
    });
    if (!good) return false;
    option.edit.verb = verbOf(appends, action);
    return add(std::move(option), to);
  }

  // HeaderValue
  static bool onHeaderValue(std::string_view message, FieldEdit& edit) {
    return each(message, [&](const ProtoField& field) {
      if (field.number == 1) edit.name = lowerCase(field.text);
      if (field.number == 2 || field.number == 3) edit.value = field.text;
      return true;
    });
  }

  // google.protobuf.BoolValue
  static bool onBool(std::string_view message, std::optional<bool>& to) {
    to = false;
    return each(message, [&](const ProtoField& field) {
      if (field.number == 1) to = field.value != 0;
      return true;
    });
  }

  // Without either, the value replaces that of the client.
  static FieldEdit::Verb verbOf(std::optional<bool> appends, std::uint64_t action) {
    using Verb = FieldEdit::Verb;
    if (appends) return *appends ? Verb::kAppend : Verb::kOverwrite;
    if (action == 1) return Verb::kAddIfAbsent;
    return action == 3 ? Verb::kOverwriteIfPresent : Verb::kOverwrite;
  }

  // Pseudo-headers are left out, and an empty value removes a field unless it is to be kept.
  bool add(Option option, std::vector<FieldEdit>& to) {
    ++fields_;
    FieldEdit& edit = option.edit;
    if (edit.name.starts_with(':')) return true;
    if (!http::isToken(edit.name) || !isFieldText(edit.value)) return false;
    edit.value = http::trimmed(edit.value);
    if (edit.value.empty() && !option.keeps_empty) {
      if (edit.verb != FieldEdit::Verb::kOverwrite) return true;
      edit.verb = FieldEdit::Verb::kRemove;
    }
    to.push_back(std::move(edit));
    return true;
  }

  Answer admission() {
    out_.kind = Answer::Kind::kAllowed;
    out_.body.clear();
    std::erase_if(out_.request_fields, [this](const FieldEdit& edit) {
      return !settings_.accepts(edit.name) || !isForUpstream(edit.name);
    });
    for (std::string& name : removed_) {
      if (isForUpstream(name)) {
        out_.request_fields.push_back({std::move(name), {}, FieldEdit::Verb::kRemove});
      }
    }
    for (FieldEdit& edit : admitted_fields_) {
      const bool cookie = http::headerId(edit.name) == http::HeaderId::kSetCookie;
      if (!isForClient(edit.name) || (cookie && !settings_.set_cookie)) continue;
      if (cookie) keepNot();
      out_.response_fields.push_back(std::move(edit));
    }
    return std::move(out_);
  }

  Answer refusal() {
    out_.kind = Answer::Kind::kDenied;
    out_.status = http_status_ >= 300 && http_status_ <= 599 ? static_cast<int>(http_status_) : 403;
    const bool known = status_ > 0 && status_ <= kLastGrpcCode;
    if (http_status_ == 0) out_.grpc_status = known ? status_ : kPermissionDenied;
    out_.request_fields.clear();
    for (FieldEdit& edit : denied_fields_) {
      const http::HeaderId id = http::headerId(edit.name);
      if (id == http::HeaderId::kContentType) out_.content_type = edit.value;
      if (id == http::HeaderId::kSetCookie) keepNot();
      if (isForClient(edit.name)) out_.response_fields.push_back({edit.name, edit.value});
    }
    return std::move(out_);
  }

  // A cookie is for one client.
  void keepNot() { out_.fresh = Milliseconds(0); }

  const Settings& settings_;
  Answer out_;
  std::vector<FieldEdit> denied_fields_;
  std::vector<FieldEdit> admitted_fields_;
  std::vector<std::string> removed_;
  std::size_t fields_ = 0;
  std::int32_t status_ = 0;
  std::uint64_t http_status_ = 0;
  bool has_status_ = false;
  bool admits_ = false;
  bool denies_ = false;
  bool error_ = false;
};

Answer answerOf(const http::GrpcReply& reply, const Settings& settings) {
  if (reply.status.ok()) return readCheckResponse(reply.message, settings);
  Answer answer = Answer::silence();
  if (reply.status.reason == Reason::kBadRequest) answer.kind = Answer::Kind::kBadRequest;
  // A status of the service itself is a response.
  answer.silent = reply.status.reason != Reason::kNone && answer.kind == Answer::Kind::kFailed;
  return answer;
}

}  // namespace

std::string checkRequest(const Settings& settings, const Subject& subject) {
  const http::ExchangeRecord& record = subject.control.record();
  ProtoWriter request;
  request.message(1, timeOf(record.start)).message(2, httpOf(settings, subject));
  ProtoWriter attributes;
  attributes.message(1, peerOf(record)).message(4, request);
  for (const auto& [key, value] : settings.context) attributes.message(10, entry(key, value));
  return ProtoWriter().message(1, attributes).bytes();
}

Answer readCheckResponse(std::string_view message, const Settings& settings) {
  return ResponseReader(settings).read(message);
}

Question askGrpc(http::Client& client, const Settings& settings, const Subject& subject,
                 OnAnswer done) {
  const std::string message = checkRequest(settings, subject);
  http::GrpcRequest request;
  request.method = settings.path;
  request.authority = settings.authority;
  request.message = asBytes(message);
  http::GrpcOptions options;
  options.deadline = settings.timeout;
  options.attempts = 2;
  options.max_message = kMostCheckResponse;
  options.purpose = "forward_auth";
  return http::grpcUnary(client, settings.upstream, request, options,
                         [&settings, done = std::move(done)](const http::GrpcReply& reply) {
                           done(answerOf(reply, settings));
                         });
}

}  // namespace weir::gateway::forward_auth
