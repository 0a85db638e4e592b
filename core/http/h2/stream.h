#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/buffer.h"

namespace weir::http::h2 {

inline constexpr std::size_t kMostSpareStreams = 8;  // kept by a connection for reuse

// A stream of a Session: its unsent data, and the part of its window not yet returned. The codecs
// derive from it and add the exchange.
class Stream {
 public:
  // Below this amount of unsent data the source may resume.
  static constexpr std::size_t kLowWater = 4 * 1024;

  explicit Stream(BlockPool& chunks) : out_(chunks) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::int32_t id() const { return id_; }
  std::size_t unsent() const { return out_.size() + direct_.size(); }
  bool closed() const { return closed_; }      // both directions: nothing more is sent or received
  bool finished() const { return finished_; }  // nothing follows the unsent data

 protected:
  // Resets the stream to its initial state, except for memory that it may keep.
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
  Bytes direct_;          // of a Session::sendBody call in progress; goes after out_
  std::string trailers_;  // name, 0, value, 0; kept to reuse its memory
  std::size_t held_ = 0;  // bytes of the window to be returned when reading resumes
  bool reading_ = true;
  bool finished_ = false;
  bool shed_ = false;       // not read by the peer: being reset
  bool moved_ = false;      // data was sent since the last check
  bool deferred_ = false;   // nghttp2 waits for resume_data
  bool backed_up_ = false;  // unsent() went above kLowWater
  bool closed_ = false;
  bool head_sent_ = false;  // of the final response
  bool peer_done_ = false;  // it sends no more on this stream
  bool peer_reset_ = false;
  bool refused_ = false;    // because of an error of the peer
  bool too_large_ = false;  // its head: the rest was ignored
  std::uint32_t code_ = 0;  // with closed_: error code of RST_STREAM
};

}  // namespace weir::http::h2
