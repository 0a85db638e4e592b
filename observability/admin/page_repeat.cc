#include "observability/admin/page_repeat.h"

#include <utility>

namespace weir::admin {

PageRepeat::PageRepeat(Page page, PageRequest question, AdminBackend& subject)
    : page_(page),
      question_(std::move(question)),
      subject_(subject),
      alive_(std::make_shared<const bool>(true)) {}

void PageRepeat::start(PageStream& stream) {
  stream_ = &stream;
  next_.emplace(stream.loop().wheel(), *this);
  ask();
}

// The next question follows the answer: a process that is slow to answer is not asked more often.
void PageRepeat::ask() {
  page_(question_, subject_, [this, alive = std::weak_ptr(alive_)](PageReply reply) {
    if (!alive.expired()) onAnswer(std::move(reply.body));
  });
}

void PageRepeat::onAnswer(std::string body) {
  next_->arm(kInterval);
  if (body == latest_) return;
  latest_ = std::move(body);
  sent_ = false;
  sendLatest();
}

void PageRepeat::sendLatest() {
  if (!sent_) sent_ = stream_->send("", latest_);
}

}  // namespace weir::admin
