#include "core/route/text_index.h"

#include <utility>

namespace weir::route {

void TextIndex::add(std::uint32_t scope, std::string_view text, std::uint32_t value) {
  if (find(scope, text) != kNone) return;
  if ((used_ + 1) * 2 > slots_.size()) resize(slots_.size() * 2);
  const auto offset = static_cast<std::uint32_t>(texts_.size());
  texts_ += text;
  place({lastWord(text), scope, offset, static_cast<std::uint32_t>(text.size()), value});
  ++used_;
}

void TextIndex::shrink() { texts_.shrink_to_fit(); }

void TextIndex::place(const Slot& slot) {
  const std::string_view text(texts_.data() + slot.offset, slot.length);
  std::size_t at = hashOf(slot.scope, text, slot.last_word);
  while (slots_[at & mask_].value != kNone) ++at;
  slots_[at & mask_] = slot;
}

void TextIndex::resize(std::size_t slots) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  mask_ = slots - 1;
  for (const Slot& slot : old) {
    if (slot.value != kNone) place(slot);
  }
}

}  // namespace weir::route
