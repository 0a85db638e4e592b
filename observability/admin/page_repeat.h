#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/event/wheel.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"
#include "observability/admin/page_stream.h"

namespace weir::admin {

// Asks a page again and again, and sends its body as an event whenever it has changed.
class PageRepeat final : public PageFeed {
 public:
  using Page = void (*)(const PageRequest&, AdminBackend&, const Answer&);
  static constexpr Milliseconds kInterval{1'000};

  PageRepeat(Page page, PageRequest question, AdminBackend& subject);

  void start(PageStream& stream) override;
  void onRoom() override { sendLatest(); }

 private:
  void ask();
  void onAnswer(std::string body);
  void sendLatest();

  const Page page_;
  const PageRequest question_;
  AdminBackend& subject_;
  const std::shared_ptr<const bool> alive_;  // answers may arrive after the end
  PageStream* stream_ = nullptr;
  std::string latest_;
  bool sent_ = true;  // latest_
  std::optional<event::Alarm<PageRepeat, &PageRepeat::ask>> next_;
};

}  // namespace weir::admin
