#pragma once

#include <memory>

#include "core/net/dialer.h"

namespace weir::test {

// A net::Dialer that knows no upstream.
class FakeDialer final : public net::Dialer {
 public:
  Result<std::unique_ptr<net::Stream>> dial(NameId) override {
    return Error{ErrorCode::kNotFound, Origin::kLocal, "there is no upstream"};
  }
  Result<std::unique_ptr<net::Stream>> dial(NameId upstream, const net::Address&) override {
    return dial(upstream);
  }
  std::size_t endpoints(NameId) override { return 0; }
};

}  // namespace weir::test
