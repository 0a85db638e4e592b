#include "core/net/connector.h"

#include "core/net/tcp_stream.h"

namespace weir::net {

Result<std::unique_ptr<Stream>> TcpConnector::connect(const Address& to) {
  return TcpStream::connect(loop_, to);
}

}  // namespace weir::net
