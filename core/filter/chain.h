#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/base/names.h"
#include "core/filter/filter.h"
#include "core/filter/maker.h"

namespace weir::filter {

struct Link {
  NameId id = 0;          // the filter's name in metrics
  std::string_view name;  // lives as long as the registry
  std::shared_ptr<const Maker> maker;
};

// The ordered filters of a route. Requests pass from the first to the last, responses back.
using Chain = std::vector<Link>;

// The filters of one exchange.
class Filters {
 public:
  Filters(const Chain& chain, Arena& arena, Control& control);
  ~Filters();
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  // Each call continues after the filter that stopped the previous one: after kPause, the next call
  // begins behind the filter that paused.
  Verdict onRequest(http::Request& request);
  Verdict onResponse(http::Response& response);
  Verdict onRequestBody(Bytes& bytes, bool last);
  Verdict onResponseBody(Bytes& bytes, bool last);
  // Passes it to the filters that have seen the request.
  void onLocalReply(http::Response& response);

  // The filter that was called last, which paused or responded.
  const Link& asked() const { return chain_[asked_]; }

 private:
  const Chain& chain_;
  Filter** const filters_;
  std::size_t request_next_ = 0;
  std::size_t response_left_;  // number of filters that have yet to see the response
  std::size_t asked_ = 0;
};

}  // namespace weir::filter
