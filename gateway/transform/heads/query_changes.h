#pragma once

#include <string>
#include <vector>

#include "core/config/table.h"
#include "core/http/message.h"
#include "gateway/transform/heads/value.h"

namespace weir::gateway {

// Changes to the parameters of a query. Names are compared decoded, values are encoded.
struct QueryChanges {
  std::vector<std::string> remove;
  NamedValues set;

  bool operator==(const QueryChanges&) const = default;
  static void read(config::Table& table, QueryChanges& out);
  bool empty() const { return remove.empty() && set.empty(); }
  void apply(http::Request& request, const HeadFacts& facts) const;

 private:
  bool drops(std::string_view name) const;
};

}  // namespace weir::gateway
