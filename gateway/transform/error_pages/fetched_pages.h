#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/http/fetch.h"
#include "core/http/target.h"

namespace weir::gateway {

// The pages of a service, by status, as a worker knows them. A page is fetched when it is needed
// for the first time, and again while it is used, so that no response waits for it.
class FetchedPages {
 public:
  static constexpr Milliseconds kFetchLimit{2'000};
  static constexpr Milliseconds kFresh{60'000};
  static constexpr Milliseconds kRetry{5'000};
  static constexpr std::size_t kMostBytes = std::size_t{64} * 1024;  // of a page
  static constexpr std::size_t kMost = 256;                          // pages; no others are fetched
  // In the path, the status.
  static constexpr std::string_view kStatus = "${response.status}";

  struct Source {
    http::Target target;
    NameId upstream = 0;
    bool operator==(const Source&) const = default;
  };
  struct Page {
    std::string content_type;
    std::string body;
  };

  FetchedPages(event::Loop& loop, http::Client& client) : loop_(loop), client_(client) {}
  FetchedPages(const FetchedPages&) = delete;
  FetchedPages& operator=(const FetchedPages&) = delete;

  // Null: it is not there yet, or the service has none. Valid until the end of the turn.
  const Page* find(const Source& source, int status);

 private:
  struct Entry {
    std::unique_ptr<Page> page;  // null: none
    Milliseconds due{0};         // when it is fetched again
    std::unique_ptr<http::Call> call;
  };

  void fetch(const Source& source, int status, Entry& entry);
  void onFetched(int status, const http::Fetched& fetched, Entry& entry);

  event::Loop& loop_;
  http::Client& client_;
  std::map<std::pair<const Source*, int>, Entry> entries_;  // by source and status
};

}  // namespace weir::gateway
