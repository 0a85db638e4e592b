#include "gateway/filters.h"

#include "gateway/auth/address_list.h"
#include "gateway/transform/grpc_web.h"

namespace weir::gateway {

void addFilters(filter::Registry& registry) {
  registry.add<AddressList>("address_list", "Admits or refuses clients by their address.");
  registry.add<GrpcWeb>("grpc_web", "Lets browsers call gRPC services: gRPC-Web to gRPC and back.");
}

}  // namespace weir::gateway
