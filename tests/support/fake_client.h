#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/arena.h"
#include "core/http/client.h"

namespace weir::test {

// An http::Client whose calls are answered by the test.
class FakeClient final : public http::Client {
 public:
  // A call as the client received it.
  class Received {
   public:
    Received(BlockPool& blocks, NameId to, const http::CallRequest& request,
             const http::CallOptions& how, http::CallEvents& events)
        : upstream(to),
          method(request.method),
          authority(request.authority),
          target(request.target),
          body(asText(request.body)),
          accepts_trailers(request.accepts_trailers),
          options(how),
          arena_(blocks),
          response_(arena_),
          events_(events) {
      for (const auto& [name, value] : request.headers) headers.emplace_back(name, value);
    }

    void head(int status, http::BodyKind kind = http::BodyKind::kStream,
              const std::vector<http::CallHeader>& fields = {}) {
      response_.status = status;
      response_.body = kind;
      for (const auto& [name, value] : fields) {
        response_.headers.add(arena_.copy(name), arena_.copy(value));
      }
      if (!cancelled) events_.onHead(response_);
    }
    void length(std::uint64_t bytes) {
      response_.has_content_length = true;
      response_.content_length = bytes;
    }
    void trailer(std::string_view name, std::string_view value) {
      response_.trailers.add(arena_.copy(name), arena_.copy(value));
    }
    void piece(std::string_view text) {
      if (!cancelled) events_.onBody(asBytes(text));
    }
    void end() {
      if (!cancelled) events_.onEnd(response_.trailers);
    }
    void fail(Reason reason, Error error) {
      if (!cancelled) events_.onFailed(reason, error);
    }
    void drain() {
      if (!cancelled) events_.onDrained();
    }
    // The whole response at once.
    void reply(int status, std::string_view text,
               const std::vector<http::CallHeader>& fields = {}) {
      head(status, http::BodyKind::kStream, fields);
      if (!text.empty()) piece(text);
      end();
    }

    const NameId upstream;
    const std::string method;
    const std::string authority;
    const std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  // so far
    const bool accepts_trailers;
    const http::CallOptions options;
    bool finished = false;   // the request's body
    bool reading = true;     // not paused
    bool cancelled = false;  // destroyed by the caller
    std::size_t queued = 0;  // what the call reports

   private:
    Arena arena_;
    http::Response response_;
    http::CallEvents& events_;
  };

  explicit FakeClient(event::Loop& on) : loop_(on) {}

  event::Loop& loop() override { return loop_; }

  std::unique_ptr<http::Call> call(NameId upstream, const http::CallRequest& request,
                                   const http::CallOptions& options,
                                   http::CallEvents& events) override {
    calls_.push_back(
        std::make_unique<Received>(loop_.scratch(), upstream, request, options, events));
    return std::make_unique<Handle>(*calls_.back());
  }

  std::size_t count() const { return calls_.size(); }
  Received& at(std::size_t index) { return *calls_.at(index); }
  Received& last() { return *calls_.back(); }

 private:
  class Handle final : public http::Call {
   public:
    explicit Handle(Received& call) : call_(call) {}
    ~Handle() override { call_.cancelled = true; }
    void sendBody(Bytes bytes) override { call_.body += asText(bytes); }
    void finish(const http::Headers*) override { call_.finished = true; }
    std::size_t queued() const override { return call_.queued; }
    void setReading(bool reading) override { call_.reading = reading; }

   private:
    Received& call_;
  };

  event::Loop& loop_;
  std::vector<std::unique_ptr<Received>> calls_;
};

}  // namespace weir::test
