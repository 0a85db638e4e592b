#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "gateway/auth/basic/password_hash.h"
#include "gateway/auth/basic/user_table.h"
#include "gateway/auth/line_file.h"

// Any file of users is refused with a line and a reason, or consists of hashes of bounded cost.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::gateway;
  basic::UserTable table;
  std::size_t good = 0;
  LineCutter cutter([&](std::string_view line) {
    std::string what = table.add(line);
    if (!what.empty()) return what;
    ++good;
    const std::string_view name = line.substr(0, line.find(':'));
    WEIR_CHECK(basic::isUserName(name) && table.knows(name));
    WEIR_CHECK(basic::faultOf(table.hashFor(name)).empty());
    WEIR_CHECK(basic::faultOf(table.hashFor("")).empty());
    return what;
  });
  cutter.feed({reinterpret_cast<const char*>(data), size});
  cutter.finish();
  WEIR_CHECK(table.size() == good);
  for (const LineFault& fault : cutter.faults()) WEIR_CHECK(fault.line > 0 && !fault.what.empty());
  return 0;
}
