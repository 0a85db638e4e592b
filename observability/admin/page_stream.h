#pragma once

#include <string_view>

#include "core/event/loop.h"

namespace weir::admin {

// A reply that goes on until the client leaves, as server-sent events (WHATWG HTML, section 9.2)
// or, by the content type of the reply, as lines of JSON. Memory is bounded: a client that reads
// too slowly misses events.
//
// Thread: the control thread.
class PageStream {
 public:
  virtual ~PageStream() = default;
  virtual event::Loop& loop() = 0;
  // Sends an event of this type, with one data field for each line of `data`. As a line of JSON,
  // `data` is one line, and has no type. False if the client
  // has not read the earlier ones: the event is dropped, and PageFeed::onRoom() will follow.
  virtual bool send(std::string_view type, std::string_view data) = 0;
  // Ends the reply, and destroys the feed: its last call.
  virtual void finish() = 0;
};

// The source of the events of one reply. Destroyed when the client leaves or the server stops.
class PageFeed {
 public:
  virtual ~PageFeed() = default;
  virtual void start(PageStream& stream) = 0;  // the stream outlives the feed
  virtual void onRoom() {}                     // the client has read what send() waited for
};

}  // namespace weir::admin
