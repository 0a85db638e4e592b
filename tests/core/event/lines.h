#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include <gtest/gtest.h>

#include "core/event/write_queue.h"

namespace weir::event {

inline void addLine(WriteQueue& queue, std::string_view line) {
  const std::span<char> room = queue.room();
  ASSERT_GE(room.size(), line.size());
  std::copy(line.begin(), line.end(), room.begin());
  queue.commit(line.size());
}

}  // namespace weir::event
