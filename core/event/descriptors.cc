#include "core/event/descriptors.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

#include "core/event/system_error.h"

namespace weir::event {

Result<void> checkDescriptors(unsigned count) {
  std::vector<int> opened;
  int failure = 0;
  while (opened.size() < count && failure == 0) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC);
    if (descriptor < 0) {
      failure = errno;
    } else {
      opened.push_back(descriptor);
    }
  }
  for (const int descriptor : opened) ::close(descriptor);
  if (failure != 0) return errorOf(-failure);
  return {};
}

}  // namespace weir::event
