#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/http/message.h"

// The interface between an Exchange and a codec, the same for every version of HTTP.
//
// A codec parses the bytes of a connection into messages and serializes messages. An exchange
// handles one request. Each half of an exchange (client side, upstream side) is one object of the
// codec, which accepts outgoing data (BodySink) and can be paused (BodySource).
namespace weir::http {

// Accepts a body, however large; the caller checks queued() and pauses its source.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void sendBody(Bytes bytes) = 0;            // copied or passed to the kernel on return
  virtual void finish(const Headers* trailers) = 0;  // the body is complete; null: no trailers
  virtual std::size_t queued() const = 0;            // bytes not yet taken by the peer
};

// Delivers a body by callbacks until it is paused.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Bytes already read may still be delivered after setReading(false).
  virtual void setReading(bool reading) = 0;
};

// The client side of one exchange: receives the response and delivers the request's body.
// Implemented by server codecs.
class Responder : public BodySink, public BodySource {
 public:
  virtual void sendInformational(const Response& response) = 0;  // 1xx except 101
  // The final head, or a 101 that turns the exchange into a tunnel. Followed by sendBody and
  // finish unless response.body is kNone, in which case finish(nullptr) must still be called.
  virtual void sendHead(const Response& response) = 0;
  // The response cannot be completed: the client must be able to detect the truncation.
  virtual void abort() = 0;
  // The exchange is over. Must be its last call: both it and the responder may be destroyed on
  // return.
  virtual void release() = 0;
};

// Receives the events of one request. Implemented by Exchange.
class RequestEvents {
 public:
  virtual ~RequestEvents() = default;
  virtual Request& request() = 0;               // filled by the codec before onRequestHead
  virtual void onRequestHead() = 0;             // once; body and end follow unless kNone
  virtual void onRequestBody(Bytes bytes) = 0;  // also tunneled bytes from the client
  virtual void onRequestEnd() = 0;              // not called after kNone; trailers are in request()
  // The client's message is malformed or its connection is lost. A response is still possible if
  // `error.code` is kProtocol or kTooLarge, but not after kReset or kClosed.
  virtual void onRequestFailed(Error error) = 0;
  virtual void onResponseDrained() = 0;  // queued() fell below the codec's low-water mark
};

// Kinds of floods by a client, in the order of the label values of weir_http2_floods_total.
enum class Flood : std::uint8_t {
  kResets,         // requests that the client resets, or that weir must reset as malformed
  kControl,        // PING, SETTINGS, PRIORITY and unknown frames
  kEmpty,          // DATA frames without data
  kWindowUpdates,  // out of proportion to the data sent
  kHeads,          // heads that exceed their size limit
};

// Why a response is aborted if the client does not read it.
enum class Unread : std::uint8_t {
  kTimeout,  // it read nothing for too long
  kMemory,   // no room is left to buffer unread data
};

// Opens exchanges for a server codec. Implemented by the owner of the connection.
class ExchangeSource {
 public:
  virtual ~ExchangeSource() = default;
  // A request begins.
  virtual RequestEvents& openExchange(Responder& responder) = 0;
  // `exchange` called responder.release() and has ended; its memory may be reused at once.
  virtual void closeExchange(RequestEvents& exchange) = 0;
  // The codec closes the connection because of a flood.
  virtual void onFlood(Flood) {}
  // The codec resets a stream that the client does not read.
  virtual void onUnread(Unread) {}
};

// The upstream side of one attempt: receives the request. Implemented by client codecs.
class Requester : public BodySink, public BodySource {
 public:
  // Followed by sendBody and finish unless request.body is kNone, which implies finish. After a 101
  // both are called again, for the client's bytes of the tunnel.
  virtual void sendHead(const Request& request) = 0;
  // The exchange gives up. No event follows; the requester may be destroyed on return.
  virtual void cancel() = 0;
  // Like cancel(), because the response timed out. If nothing was received on the connection since
  // the request was sent, it takes no further request until its peer shows that it is alive.
  virtual void timeOut() { cancel(); }
};

// Receives the events of one response. Implemented by Exchange. After onResponseEnd or
// onResponseFailed the exchange must not use the requester any more, except that of a tunnel, which
// it uses until it has called finish() as well.
class ResponseEvents {
 public:
  virtual ~ResponseEvents() = default;
  virtual Response& response() = 0;  // filled by the codec, which resets it before each head
  virtual void onInformational() = 0;
  virtual void onResponseHead() = 0;             // once; body and end follow, end always
  virtual void onResponseBody(Bytes bytes) = 0;  // also tunneled bytes from the upstream
  virtual void onResponseEnd() = 0;
  // kClosed: the connection ended before the first byte of a response; kReset: within a response.
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
  virtual void shutdownWrite() = 0;  // half-closes after the queued data
  // Closes after the queued data; the codec receives no more input. `unread`: the peer may still be
  // sending, and a reset caused by closing must not make it lose the last bytes sent to it.
  virtual void close(bool unread) = 0;
  // Closes so that the peer can detect the truncation, if the transport allows that.
  virtual void abort() { close(false); }
};

// Reads requests from a connection and writes responses to it. Owned by the connection, which
// forwards the events of its stream.
class ServerCodec {
 public:
  enum class Phase : std::uint8_t {
    kIdle,  // between requests
    kHead,  // within a head
    kRest,  // the last response is sent, the rest of its request is still expected
    kBusy,
  };

  virtual ~ServerCodec() = default;
  virtual void feed(Bytes bytes) = 0;
  virtual void onEnd() = 0;                // the client sends no more
  virtual void onBroken(Error error) = 0;  // the connection is lost
  virtual void onDrained() = 0;
  // Accepts no further request and announces that with the next response. True if there is nothing
  // to wait for: the connection may be closed.
  virtual bool drain() = 0;
  // Like drain(), but at once: later requests are not served, although the client may not know yet.
  virtual bool retire() { return drain(); }
  // Ends a connection without a request after its idle timeout.
  virtual void closeIdle() = 0;
  // A deadline of the connection expired within a head.
  virtual void failHead(Error error) = 0;
  virtual Phase phase() const = 0;
  // Calls visit(exchange) for each open exchange. It must not end one.
  virtual void forEachExchange(const std::function<void(RequestEvents&)>& visit) const = 0;
  // Bytes of responses that the codec itself buffers until the client reads them.
  virtual std::size_t unsent() const { return 0; }
  // It has been idle for a while: returns memory that it needs for exchanges.
  virtual void trim() {}
};

// Writes requests to a connection and reads the responses. Owned by the connection.
class ClientCodec {
 public:
  virtual ~ClientCodec() = default;
  // Opens an exchange on this connection; only while free() > 0.
  virtual Requester& open(ResponseEvents& events) = 0;
  // Whether the peer's limits are known; free() is 0 until then. onFreeChanged reports the change.
  virtual bool ready() const { return true; }
  virtual std::size_t most() const { return 1; }  // concurrent exchanges
  virtual std::size_t free() const = 0;           // further exchanges possible now
  virtual bool idle() const = 0;                  // no exchange is open
  enum class Room : std::uint8_t {
    kIdle,   // no exchange is open
    kBusy,   // takes further exchanges beside the open ones
    kFull,   // takes none at present
    kSpent,  // takes none any more
  };
  virtual Room room() const = 0;
  // Whether a request may ask for another protocol (RFC 9110, 7.8; RFC 8441).
  virtual bool takesUpgrades() const { return true; }
  virtual void feed(Bytes bytes) = 0;
  virtual void onEnd() = 0;
  virtual void onBroken(Error error) = 0;
  virtual void onDrained() = 0;
};

// Receives the events of a client codec's connection. Implemented by its owner.
class ClientCodecEvents {
 public:
  virtual ~ClientCodecEvents() = default;
  // An exchange ended. Unless `reusable`, no other may be opened, and the wire must be closed once
  // the codec is idle.
  virtual void onExchangeEnd(bool reusable) = 0;
  // free() changed for another reason: the peer allows more, or no further exchange.
  virtual void onFreeChanged() {}
  // An exchange was cancelled: the rest of its response is read and discarded until onRestEnd();
  // then the connection takes another exchange.
  virtual void onRestBegin() {}
  virtual void onRestEnd() {}
};

}  // namespace weir::http
