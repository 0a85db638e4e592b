#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/buffer.h"
#include "core/filter/filter.h"
#include "core/http/codec.h"

namespace weir::filter {

class Filters;

// The filters of one body, between its source and the relay to its sink.
//
// Each filter has a buffer of input; its output is the input of the next filter. A filter is called
// while there is room behind it, and the source is paused while the first buffer is full, so that
// no more than 64 KiB per filter are held, however far filters expand a body. A filter joins when
// the head has passed it: earlier bytes wait for it.
//
// Life: that of its exchange; made when the head passes the first filter that watches the body.
class BodyChain final : public http::BodySource {
 public:
  static constexpr std::size_t kMostHeld = 64 * 1024;  // in front of a filter, and behind the last
  static constexpr std::size_t kMostUnread = kMostHeld / 2;  // that a filter may leave

  BodyChain(Side side, Filters& filters, Host& host, std::size_t most, http::Headers& trailers);
  ~BodyChain() override;
  BodyChain(const BodyChain&) = delete;
  BodyChain& operator=(const BodyChain&) = delete;

  void setSource(http::BodySource* source) { source_ = source; }  // null: none any more
  void push(Bytes bytes);                                         // from the source
  void end();                                                     // of the source
  Buffer& input() { return inputOf(0); }                          // for bytes that arrived earlier
  // The head has passed all filters: filtered bytes go to the host.
  void open();
  // The rest of the body is of no use.
  void discard();
  // This filter is to be called at the next pump().
  void callAgain(const Control& control);
  // Calls the filters that can continue.
  void pump();

  // From the relay: the sink does not keep up, or takes more.
  void setReading(bool reading) override;

 private:
  friend class Filters;

  // How far a filter is with the body.
  enum class Progress : std::uint8_t { kBody, kTrailers, kDone };
  struct Stage {
    Stage(Control& its, BodyMode its_mode, BlockPool& chunks)
        : control(its), mode(its_mode), in(chunks), gathers(its_mode.isWhole()) {}

    Control& control;
    const BodyMode mode;
    Buffer in;
    Progress progress = Progress::kBody;
    bool ended = false;   // no more input follows
    bool due = false;     // to be called: input has arrived, or a wait ended
    bool called = false;  // at least once
    bool gathers;         // the whole body, before the first call
  };

  void add(std::uint32_t filter, BodyMode mode);
  bool step(std::size_t index);
  bool passOn(Stage& stage, std::size_t index);
  bool mayCall(const Stage& stage, std::size_t room) const;
  void showBody(Stage& stage, std::size_t index);
  void judge(Stage& stage, const Flow& flow, bool effective);
  void showTrailers(Stage& stage, std::size_t index);
  void finish(Stage& stage, std::size_t index);
  bool takeResumed(Stage& stage, std::size_t index);
  bool settle(Stage& stage, const Verdict& verdict);
  void arrived(std::size_t index);
  void exceeded(Stage& stage);
  void deliver();
  void controlSource();
  void refuseLarge(const Stage& stage);
  void refuseLarge() { refuseLarge(stages_[count_ - 1]); }  // for its declared length
  void refuseIncomplete(const Stage& stage);
  void reply(const Stage& stage, const LocalReply& reply);
  Buffer& inputOf(std::size_t index) { return index < count_ ? stages_[index].in : tail_; }
  std::size_t roomIn(std::size_t index);
  void clear();

  const Side side_;
  Filters& filters_;
  Host& host_;
  http::Headers& trailers_;
  http::BodySource* source_ = nullptr;
  Stage* const stages_;
  std::size_t count_ = 0;
  Buffer tail_;  // behind the last filter
  bool tail_ended_ = false;
  bool end_delivered_ = false;
  bool open_ = false;
  bool reading_ = true;  // the relay takes bytes
  bool paused_ = false;  // the source
  bool pumping_ = false;
  bool again_ = false;
  bool discarding_ = false;
};

}  // namespace weir::filter
