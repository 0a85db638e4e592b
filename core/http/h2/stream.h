#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/buffer.h"

namespace weir::http::h2 {

inline constexpr std::size_t kMostSpareStreams = 8;  // that a connection keeps for reuse

// A stream of a Session: what it still has to send, and what it has not given back of its window.
// The codecs derive from it and add the exchange.
class Stream {
 public:
  // Below this much to send the source may go on.
  static constexpr std::size_t kLowWater = 4 * 1024;

  explicit Stream(BlockPool& chunks) : out_(chunks) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::int32_t id() const { return id_; }
  std::size_t unsent() const { return out_.size() + direct_.size(); }
  bool closed() const { return closed_; }      // both ways: nothing more goes out or comes in
  bool finished() const { return finished_; }  // nothing is to be sent after what is unsent

 protected:
  // As new, but for the memory that it may keep.
  void renew() {
    id_ = 0;
    out_.clear();
    trailers_.clear();
    held_ = 0;
    reading_ = true;
    finished_ = shed_ = moved_ = deferred_ = backed_up_ = closed_ = false;
    head_sent_ = peer_done_ = peer_reset_ = refused_ = too_large_ = false;
  }

 private:
  friend class Session;

  std::int32_t id_ = 0;
  Buffer out_;
  Bytes direct_;          // of a call to Session::sendBody that is under way; goes after out_
  std::string trailers_;  // name, 0, value, 0; kept for the memory
  std::size_t held_ = 0;  // bytes of the window that the peer gets back once we read on
  bool reading_ = true;
  bool finished_ = false;
  bool shed_ = false;       // the peer does not read it: it is being reset
  bool moved_ = false;      // something went out since it was last looked at
  bool deferred_ = false;   // nghttp2 waits for resume_data
  bool backed_up_ = false;  // unsent() went above kLowWater
  bool closed_ = false;
  bool head_sent_ = false;  // of the final response
  bool peer_done_ = false;  // it sends no more on this stream
  bool peer_reset_ = false;
  bool refused_ = false;    // for a mistake of the peer
  bool too_large_ = false;  // its head: the rest of it was not looked at
  std::uint32_t code_ = 0;  // with closed_: of RST_STREAM
};

}  // namespace weir::http::h2
