#include "core/route/text_index.h"

#include <utility>

namespace weir::route {

void TextIndex::add(std::uint32_t scope, std::string_view text, std::uint32_t value) {
  if (find(scope, text)) return;
  if ((used_ + 1) * 2 > slots_.size()) resize(slots_.empty() ? 8 : slots_.size() * 2);
  place({hashOf(scope, text), scope, static_cast<std::uint32_t>(texts_.size()),
         static_cast<std::uint32_t>(text.size()), value});
  texts_ += text;
  ++used_;
}

void TextIndex::shrink() { texts_.shrink_to_fit(); }

void TextIndex::place(const Slot& slot) {
  std::size_t at = slot.hash & mask_;
  while (slots_[at].value != kFree) at = (at + 1) & mask_;
  slots_[at] = slot;
}

void TextIndex::resize(std::size_t slots) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  mask_ = slots - 1;
  for (const Slot& slot : old) {
    if (slot.value != kFree) place(slot);
  }
}

}  // namespace weir::route
