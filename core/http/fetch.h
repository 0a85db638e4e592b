#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/http/client.h"

namespace weir::http {

// A complete response.
struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // as received, in order
  std::string body;

  // The first value of a header, in any case; empty: there is none.
  std::string_view header(std::string_view name) const;
};

// The outcome of fetch(): a reply with any status, or the reason why there is none. A body over
// the limit fails with kTooLarge.
struct Fetched {
  Result<Reply> reply;
  Reason reason = Reason::kNone;  // of a failure
};

// Sends a request and collects the response, up to the `most_body` of the options. `done` is called
// once, never from within fetch(); it may destroy the call. Destroying the call cancels it.
[[nodiscard]] std::unique_ptr<Call> fetch(Client& client, NameId upstream,
                                          const CallRequest& request, const CallOptions& options,
                                          std::function<void(Fetched)> done);

}  // namespace weir::http
