#pragma once

#include <cstddef>
#include <string>

#include "core/http/codec.h"

namespace weir::test {

// A wire whose peer accepts everything at once and records it.
class RecordingWire final : public http::Wire {
 public:
  using http::Wire::write;
  void write(Bytes first, Bytes second) override {
    if (closed_) written_after_close_ = true;
    text_.append(first.data(), first.size()).append(second.data(), second.size());
  }
  std::size_t queued() const override { return 0; }
  void setReading(bool reading) override { reading_ = reading; }
  void shutdownWrite() override { ended_ = true; }
  void close(bool) override { closed_ = true; }
  void abort() override { closed_ = broken_off_ = true; }

  const std::string& text() const { return text_; }
  bool closed() const { return closed_; }
  bool brokenOff() const { return broken_off_; }
  bool ended() const { return ended_; }  // half-closed by the local side
  bool reading() const { return reading_; }
  bool writtenAfterClose() const { return written_after_close_; }

 private:
  std::string text_;
  bool closed_ = false;
  bool broken_off_ = false;
  bool ended_ = false;
  bool reading_ = true;
  bool written_after_close_ = false;
};

}  // namespace weir::test
