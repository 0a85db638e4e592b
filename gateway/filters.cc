#include "gateway/filters.h"

#include "gateway/auth/address_list.h"

namespace weir::gateway {

void addFilters(filter::Registry& registry) {
  registry.add<AddressList>("address_list", "Admits or refuses clients by their address.");
}

}  // namespace weir::gateway
