#pragma once

namespace weir {

// Exit codes of the commands.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

}  // namespace weir
