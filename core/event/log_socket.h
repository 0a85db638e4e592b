#pragma once

#include <string>
#include <string_view>

namespace weir::event {

// The address of a program that receives log lines over a socket: "udp://10.0.0.1:514",
// "tcp://[::1]:601" or "unix:/dev/log" (datagrams). Names are not resolved.
bool isLogAddress(std::string_view text);

struct LogSocket {
  int descriptor = -1;
  bool datagrams = false;  // each line is one
};
// Opens a socket and connects it, without waiting until that has succeeded. The descriptor is -1,
// with the cause in errno, if that fails.
LogSocket openLogSocket(std::string_view address);

}  // namespace weir::event
