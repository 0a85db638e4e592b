#include "core/filter/chain.h"

namespace weir::filter {

Filters::Filters(const Chain& chain, Arena& arena, Control& control)
    : chain_(chain), filters_(arena.array<Filter*>(chain.size())), response_left_(chain.size()) {
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    filters_[i] = chain_[i].maker->make(arena, control);
  }
}

Filters::~Filters() {
  for (std::size_t i = 0; i < chain_.size(); ++i) chain_[i].maker->destroy(filters_[i]);
}

Verdict Filters::onRequest(http::Request& request) {
  while (request_next_ < chain_.size()) {
    asked_ = request_next_++;
    const Verdict verdict = filters_[asked_]->onRequest(request);
    if (verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

Verdict Filters::onResponse(http::Response& response) {
  while (response_left_ > 0) {
    asked_ = --response_left_;
    const Verdict verdict = filters_[asked_]->onResponse(response);
    if (verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

void Filters::onLocalReply(http::Response& response) {
  for (std::size_t left = request_next_; left > 0; --left) {
    filters_[left - 1]->onLocalReply(response);
  }
}

Verdict Filters::onRequestBody(Bytes& bytes, bool last) {
  for (asked_ = 0; asked_ < chain_.size(); ++asked_) {
    const Verdict verdict = filters_[asked_]->onRequestBody(bytes, last);
    if (verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

Verdict Filters::onResponseBody(Bytes& bytes, bool last) {
  for (std::size_t left = chain_.size(); left > 0; --left) {
    asked_ = left - 1;
    const Verdict verdict = filters_[asked_]->onResponseBody(bytes, last);
    if (verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

}  // namespace weir::filter
