#include "core/event/service_notifier.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace weir::event {
namespace {

// The socket of a service manager.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& name)
      : descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    bound = ::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), length) == 0;
  }
  ~NotifySocket() { ::close(descriptor_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // The next message; "none" if there is none.
  std::string next() const {
    char buffer[256];
    const ssize_t size = ::recv(descriptor_, buffer, sizeof buffer, 0);
    return size < 0 ? "none" : std::string(buffer, static_cast<std::size_t>(size));
  }

  bool bound = false;

 private:
  int descriptor_;
};

class ServiceNotifierTest : public ::testing::Test {
 protected:
  ~ServiceNotifierTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/notify";
};

TEST_F(ServiceNotifierTest, MessagesArriveAtAPathOrInTheAbstractNameSpace) {
  const std::string abstract = "@weir-test-" + std::to_string(::getpid());
  for (const std::string& name : {path, abstract}) {
    const NotifySocket socket(name);
    ASSERT_TRUE(socket.bound);
    set("NOTIFY_SOCKET", name);
    const ServiceNotifier notifier = ServiceNotifier::ofProcess();
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    notifier.notify("READY=1\nSTATUS=ready");
    EXPECT_EQ(socket.next(), "READY=1\nSTATUS=ready");
    EXPECT_EQ(socket.next(), "none");
  }
}

TEST_F(ServiceNotifierTest, WithoutAManagerNothingHappens) {
  ServiceNotifier::ofProcess().notify("READY=1");
  for (const std::string& wrong : {path, std::string("relative"), std::string(300, '/')}) {
    set("NOTIFY_SOCKET", wrong);
    set("WATCHDOG_USEC", "1000000");
    const ServiceNotifier notifier = ServiceNotifier::ofProcess();
    notifier.notify("READY=1");
    EXPECT_FALSE(notifier.watchdog());
  }
}

TEST_F(ServiceNotifierTest, TheWatchdogMustBeForThisProcess) {
  const NotifySocket socket(path);
  const auto watchdog = [this](const std::string& time, const std::string& process) {
    set("NOTIFY_SOCKET", path);
    set("WATCHDOG_USEC", time);
    if (!process.empty()) set("WATCHDOG_PID", process);
    return ServiceNotifier::ofProcess().watchdog().value_or(Nanoseconds(0));
  };
  EXPECT_EQ(watchdog("30000000", ""), std::chrono::seconds(30));
  EXPECT_EQ(watchdog("5", std::to_string(::getpid())), std::chrono::microseconds(5));
  EXPECT_EQ(watchdog("5", std::to_string(::getpid() + 1)), Nanoseconds(0));
  for (const char* wrong : {"", "0", "-5", "5s", "99999999999999999999"}) {
    EXPECT_EQ(watchdog(wrong, ""), Nanoseconds(0)) << wrong;
  }
  EXPECT_EQ(watchdog("9223372036854775807", ""), std::chrono::hours(24));
}

}  // namespace
}  // namespace weir::event
