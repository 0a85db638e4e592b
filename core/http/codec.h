#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/http/message.h"

// What an Exchange and a codec know of each other, the same for every version of HTTP.
//
// A codec turns a connection's bytes into messages and back. An exchange answers one request. Each
// half of an exchange (towards the client, towards the upstream) is one object of the codec, which
// takes what is sent (BodySink) and can be told to wait (BodySource).
namespace weir::http {

// Takes a body. Everything is accepted; the caller watches queued() and stops its source.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void sendBody(Bytes bytes) = 0;            // copied, or in the kernel, on return
  virtual void finish(const Headers* trailers) = 0;  // the body is complete; null: no trailers
  virtual std::size_t queued() const = 0;            // bytes that the peer has yet to take
};

// Delivers a body by calls, until told to wait.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // What has been read already may still arrive after setReading(false).
  virtual void setReading(bool reading) = 0;
};

// The client's side of one exchange: where the answer goes and the request's body comes from.
// Implemented by server codecs.
class Responder : public BodySink, public BodySource {
 public:
  virtual void sendInformational(const Response& response) = 0;  // 1xx but 101
  // The final head, or a 101 that turns the exchange into a tunnel. Followed by sendBody and
  // finish unless response.body is kNone, in which case finish(nullptr) must still be called.
  virtual void sendHead(const Response& response) = 0;
  // The answer cannot be completed: the client must see that it is cut short.
  virtual void abort() = 0;
  // The exchange is over. Its last act: both it and the responder may be gone on return.
  virtual void release() = 0;
};

// Hears of one request. Implemented by Exchange.
class RequestEvents {
 public:
  virtual ~RequestEvents() = default;
  virtual Request& request() = 0;               // filled by the codec before onRequestHead
  virtual void onRequestHead() = 0;             // once; body and end follow unless kNone
  virtual void onRequestBody(Bytes bytes) = 0;  // also the client's bytes of a tunnel
  virtual void onRequestEnd() = 0;              // not called after kNone; trailers are in request()
  // The client's message is broken or its connection is gone. `error.code` says which: kProtocol
  // and kTooLarge can still be answered, kReset and kClosed cannot.
  virtual void onRequestFailed(Error error) = 0;
  virtual void onResponseDrained() = 0;  // queued() fell below the codec's low mark
};

// What a client may do too often. In the order of the words of weir_http2_floods_total.
enum class Flood : std::uint8_t {
  kResets,         // requests taken back, or broken so that we must reset them
  kControl,        // PING, SETTINGS, PRIORITY and unknown frames
  kEmpty,          // DATA frames without data
  kWindowUpdates,  // out of proportion to what was sent
  kHeads,          // that exceed the limit of their size
};

// Why an answer is taken away from a client that does not read it.
enum class Unread : std::uint8_t {
  kTimeout,  // it took nothing for too long
  kMemory,   // there is no room to keep what it does not take
};

// Opens exchanges for a server codec. Implemented by the owner of the connection.
class ExchangeSource {
 public:
  virtual ~ExchangeSource() = default;
  // A request begins.
  virtual RequestEvents& openExchange(Responder& responder) = 0;
  // It called responder.release() and is done with; its memory may be used again at once.
  virtual void closeExchange(RequestEvents& exchange) = 0;
  // The codec ends the connection because of it.
  virtual void onFlood(Flood) {}
  // The codec resets a stream because of it.
  virtual void onUnread(Unread) {}
};

// The upstream's side of one attempt: where the request goes. Implemented by client codecs.
class Requester : public BodySink, public BodySource {
 public:
  // Followed by sendBody and finish unless request.body is kNone: finish is then implied. After a
  // 101 both come again, for the client's bytes of the tunnel.
  virtual void sendHead(const Request& request) = 0;
  // The exchange is no longer interested. No event follows; the requester may be gone on return.
  virtual void cancel() = 0;
  // The same because no answer came in time. A connection on which nothing at all has come since
  // the request was sent then takes no other before its peer shows that it is there.
  virtual void timeOut() { cancel(); }
};

// Hears of one response. Implemented by Exchange. After onResponseEnd and onResponseFailed the
// requester is no longer the exchange's; that of a tunnel is until it has been finished as well.
class ResponseEvents {
 public:
  virtual ~ResponseEvents() = default;
  virtual Response& response() = 0;  // filled by the codec; reset by it before each head
  virtual void onInformational() = 0;
  virtual void onResponseHead() = 0;             // once; body and end follow, end always
  virtual void onResponseBody(Bytes bytes) = 0;  // also the upstream's bytes of a tunnel
  virtual void onResponseEnd() = 0;
  // kClosed: the connection ended before a single byte of an answer; kReset: in the midst of it.
  virtual void onResponseFailed(Error error) = 0;
  virtual void onRequestDrained() = 0;
};

// The transport under a codec. Implemented by the owner of the connection, over a Stream.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual void write(Bytes first, Bytes second) = 0;  // gathered; copied or sent on return
  void write(Bytes bytes) { write(bytes, {}); }
  virtual std::size_t queued() const = 0;
  virtual void setReading(bool reading) = 0;
  virtual void shutdownWrite() = 0;  // half-close, after what is queued
  // Closes after what is queued; the codec is fed nothing more. `unread`: the peer may still be
  // sending, and must not lose our last words to the reset that closing would cause.
  virtual void close(bool unread) = 0;
  // Closes so that the peer sees that something is missing, where it can be told apart.
  virtual void abort() { close(false); }
};

// Reads requests from a connection and writes responses to it. Owned by the connection, which
// calls it with what its stream says.
class ServerCodec {
 public:
  enum class Phase : std::uint8_t {
    kIdle,  // between requests
    kHead,  // within a head
    kRest,  // the last answer is out, the end of its request has yet to come
    kBusy,
  };

  virtual ~ServerCodec() = default;
  virtual void feed(Bytes bytes) = 0;
  virtual void onEnd() = 0;                // the client sends no more
  virtual void onBroken(Error error) = 0;  // the wire is gone
  virtual void onDrained() = 0;
  // No further request is accepted: says so to the client with the next answer. True when there is
  // nothing to wait for: the connection may be closed.
  virtual bool drain() = 0;
  // The same at once: what the client sends from now on is not served, though it may not know yet.
  virtual bool retire() { return drain(); }
  // Nothing is in hand, and nothing came for too long: ends the connection.
  virtual void closeIdle() = 0;
  // A deadline of the connection passed in the midst of a head.
  virtual void failHead(Error error) = 0;
  virtual Phase phase() const = 0;
  // Bytes of answers that the codec itself keeps until the client makes room.
  virtual std::size_t unsent() const { return 0; }
};

// Writes requests to a connection and reads the responses. Owned by the connection.
class ClientCodec {
 public:
  virtual ~ClientCodec() = default;
  // One more exchange over this connection; only while free() > 0.
  virtual Requester& open(ResponseEvents& events) = 0;
  // Whether the peer has said what it takes; free() is 0 before that. onFreeChanged tells.
  virtual bool ready() const { return true; }
  virtual std::size_t most() const { return 1; }  // exchanges at the same time
  virtual std::size_t free() const = 0;           // how many more it takes now
  virtual bool idle() const = 0;                  // it carries no exchange
  enum class Room : std::uint8_t {
    kIdle,   // it carries no exchange
    kBusy,   // it takes further ones beside those that it carries
    kFull,   // it takes none at present
    kSpent,  // nor will it
  };
  virtual Room room() const = 0;
  // Whether a request may ask for another protocol (RFC 9110, 7.8, RFC 8441).
  virtual bool takesUpgrades() const { return true; }
  virtual void feed(Bytes bytes) = 0;
  virtual void onEnd() = 0;
  virtual void onBroken(Error error) = 0;
  virtual void onDrained() = 0;
};

// Hears what becomes of a client codec's connection. Implemented by its owner.
class ClientCodecEvents {
 public:
  virtual ~ClientCodecEvents() = default;
  // An exchange ended. Not `reusable`: no other may be opened, and the wire is to be closed once
  // the codec is idle.
  virtual void onExchangeEnd(bool reusable) = 0;
  // free() changed without that: the peer allows more, or wants no further exchange.
  virtual void onFreeChanged() {}
  // An exchange was cancelled, and the rest of its answer is read and dropped until onRestEnd():
  // then the connection takes another.
  virtual void onRestBegin() {}
  virtual void onRestEnd() {}
};

}  // namespace weir::http
