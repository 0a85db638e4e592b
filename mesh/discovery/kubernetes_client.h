#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "core/http/fetch.h"
#include "mesh/discovery/endpoint_slice.h"

namespace weir::mesh::kubernetes {

// Follows the EndpointSlices of one service: by a watch that begins with all that exist, or, if the
// API server does not offer that, by a list and a watch from its version on. When a watch ends, the
// next one continues it; when its version has expired, everything is listed again.
class SliceClient final : private http::CallEvents {
 public:
  static constexpr int kPage = 100;                    // slices
  static constexpr std::size_t kMostSlices = 100'000;  // of one service
  static constexpr Milliseconds kListTimeout{30'000};
  static constexpr std::chrono::seconds kShortestWatch{300};  // each up to twice as long
  // The server sends a bookmark every minute: without anything for this time, it has vanished.
  static constexpr Milliseconds kSilence{150'000};
  static constexpr Milliseconds kShortWatch{1'000};  // one that ends sooner counts as a failure

  struct Options {
    NameId upstream;
    std::string authority;
    std::string name_space;
    std::string service;
    std::string token_file;  // read for each request; empty, or without a file: no token
  };
  class Events {
   public:
    virtual ~Events() = default;
    virtual void onSlices(const EndpointSlices& slices) = 0;
    // The client is idle until the next start().
    virtual void onFailed(std::string_view why) = 0;
  };

  SliceClient(http::Client& client, Options options, Events& events);
  ~SliceClient() override;

  void start();       // continues, if it can; what it did before ends
  void startAgain();  // from the beginning

 private:
  enum class Stage : std::uint8_t { kInitialEvents, kList, kWatch };

  void beginList();
  void listPage();
  void onPage(const http::Fetched& fetched);
  void watch();
  std::string watchTarget();
  // http::CallEvents of the watch
  void onHead(const http::Response& response) override;
  void onBody(Bytes bytes) override;
  void onEnd(const http::Headers& trailers) override;
  void onFailed(Reason reason, Error error) override;
  void takeLines();
  bool takeLine(std::string_view line);
  bool onEvent(SliceEvent& event);
  void onWatchError(const SliceEvent& event);
  void onRefused();
  void endWatch();
  void onSilence();
  void expired(std::string_view why);
  void fail(std::string_view why);
  void report();
  std::string path() const;
  std::vector<http::CallHeader> headers();

  http::Client& client_;
  const Options options_;
  Events& events_;
  Random random_;
  Stage stage_ = Stage::kInitialEvents;
  bool offers_initial_events_ = true;  // as far as is known
  std::string authorization_;          // of the latest request
  EndpointSlices slices_;
  EndpointSlices initial_;  // while they are listed, or sent by the watch
  std::string version_;     // of slices_, or of initial_
  std::string next_page_;
  int status_ = 0;    // of the watch
  std::string body_;  // of a refused watch
  std::string line_;  // the beginning of the next event
  bool changed_ = false;
  bool failing_ = false;  // since the latest report
  bool expired_ = false;  // likewise
  Milliseconds watching_since_{0};
  event::Alarm<SliceClient, &SliceClient::onSilence> silence_;
  std::unique_ptr<http::Call> call_;
};

}  // namespace weir::mesh::kubernetes
