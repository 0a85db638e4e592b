#pragma once

#include "core/base/arena.h"
#include "core/base/linked.h"
#include "core/http/codec.h"
#include "core/proxy/engine.h"
#include "core/proxy/metrics.h"
#include "core/proxy/relay.h"
#include "core/upstream/attempt.h"
#include "core/upstream/tries.h"

namespace weir::proxy {

// A copy of a request for another cluster. The original request never waits for it and does not
// depend on its outcome; the response is read and discarded.
//
// Owned by: Engine, until it is done.
class Mirror final : public DetachedRequest,
                     public Linked<Mirror>,  // of one request
                     private http::ResponseEvents,
                     private http::BodySource,
                     private upstream::AttemptEvents {
 public:
  // Sends a copy of `request` to another cluster. Null if the copy cannot be sent, or if the
  // request has no body to feed to the mirror.
  static Mirror* start(Engine& engine, NameId cluster, NameId route, const Plan& plan,
                       const http::Request& request);
  Mirror(Engine& engine, upstream::Cluster& cluster, NameId route, const http::Request& original);

  // Takes body bytes as they pass. False if the mirror is done: it must not be called again.
  bool push(Bytes bytes);
  void end(const http::Headers* trailers);  // the last call
  void abandon() override;                  // the last call: the original request was aborted

 private:
  static constexpr std::size_t kMaxWaiting = 64 * 1024;
  static constexpr Milliseconds kTimeout{30'000};

  http::Response& response() override { return response_; }
  void onInformational() override {}
  void onResponseHead() override { attempt_.noteHead(); }
  void onResponseBody(Bytes) override {}
  void onResponseEnd() override;
  void onResponseFailed(Error error) override;
  void onRequestDrained() override {}
  void setReading(bool) override {}  // the original's pace is not changed
  void onAcquired(const upstream::PooledConnection& lease) override;
  void onAcquireFailed(Error error) override;
  void send();
  void onAttemptTimeout() override;
  void finish(MirrorOutcome outcome);
  void leaveWhenFed();

  Engine& engine_;
  const NameId upstream_;
  const NameId route_;
  upstream::Tries tries_;
  upstream::Attempt attempt_;
  Arena arena_;
  http::Request request_;
  http::Response response_;
  Relay relay_;
  bool fed_;  // no more calls from the original
  bool done_ = false;
};

// The mirrors of one request that still need the rest of it.
class Mirrors {
 public:
  void start(Engine& engine, const route::Route& route, const Plan& plan,
             const http::Request& request);
  void push(Bytes bytes) {
    if (first_ != nullptr) feed(bytes);
  }
  void end(const http::Headers* trailers);
  void abandon();  // the original request was aborted

 private:
  void feed(Bytes bytes);

  Mirror* first_ = nullptr;  // owned by the engine
};

}  // namespace weir::proxy
