#include "core/dns/failure.h"

#include <ares.h>

namespace weir::dns {
namespace {

ErrorCode codeOf(int status) {
  switch (status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
      return ErrorCode::kNotFound;
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADSTR:
      return ErrorCode::kInvalid;
    case ARES_ECONNREFUSED:
      return ErrorCode::kRefused;
    case ARES_ETIMEOUT:
      return ErrorCode::kTimeout;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return ErrorCode::kCancelled;
    case ARES_ENOMEM:
      return ErrorCode::kExhausted;
    case ARES_EFORMERR:
    case ARES_ESERVFAIL:
    case ARES_ENOTIMP:
    case ARES_EREFUSED:
    case ARES_EBADRESP:
      return ErrorCode::kProtocol;
    default:
      return ErrorCode::kSystem;
  }
}

}  // namespace

Error errorOf(int status) { return {codeOf(status), Origin::kUpstream, ares_strerror(status)}; }

}  // namespace weir::dns
