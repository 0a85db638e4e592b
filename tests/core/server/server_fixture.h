#pragma once

#include <functional>
#include <memory>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "core/dns/resolver.h"
#include "core/server/server.h"
#include "core/server/worker.h"
#include "tests/core/server/fixture.h"
#include "tests/support/opened.h"
#include "tests/support/plain_socket.h"

namespace weir::server {

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";

inline std::string saying(std::string_view body, std::string_view listeners) {
  return std::string(listeners) + "[[route]]\nname = \"all\"\nrespond = { body = \"" +
         std::string(body) + "\" }\n";
}
inline std::string listener(std::string_view name) {
  return "[[listener]]\nname = \"" + std::string(name) + "\"\naddress = \"127.0.0.1:0\"\n";
}

// Two workers behind listeners on loopback, with clients that the test controls.
class ServerTest : public PlanTest {
 protected:
  explicit ServerTest(Milliseconds warm_up_limit = Milliseconds(5'000))
      : server({loop, *resolver, names, cells, counts, warm_up_limit},
               test::opened(Server::openLoops(2))) {
    server.start([](MetricCells&) { return Recorders(); });
  }
  ~ServerTest() override {
    clients.clear();
    server.stop();
    resolver = nullptr;
    for (int i = 0; i < 10; ++i) loop.runOnce();
  }

  // Runs turns of the control loop until the condition holds; false if it never does.
  bool until(const std::function<bool()>& holds) {
    const Nanoseconds end = monotonicNow() + std::chrono::seconds(60);
    while (monotonicNow() < end) {
      if (holds()) return true;
      loop.runOnce();
      ::sched_yield();
    }
    return false;
  }
  // Waits until the plan is live.
  void publish(const std::string& toml) {
    const auto plan = build(toml, server.plan());
    ASSERT_NE(plan, nullptr) << diagnostics;
    config::Diagnostics found;
    const int before = live;
    ASSERT_TRUE(server.publish(plan, found, [this] { ++live; })) << found.text();
    ASSERT_TRUE(until([&] { return live > before; }));
  }
  test::PlainSocket& dial(std::size_t index = 0) {
    sockaddr_storage storage{};
    const auto length = server.listeners().at(index).address.toSocket(storage);
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&storage), length), 0);
    clients.push_back(std::make_unique<test::PlainSocket>(descriptor));
    return *clients.back();
  }
  std::string ask(test::PlainSocket& client) {
    client.send(kGet);
    std::string answer;
    EXPECT_TRUE(until([&] {
      answer += client.take();
      return answer.find("\r\n\r\n") != std::string::npos;
    }));
    return answer;
  }
  bool ends(test::PlainSocket& client) {
    return until([&] {
      client.take();
      return client.ended() || client.failed();
    });
  }

  event::Loop loop;
  std::unique_ptr<dns::Resolver> resolver =
      std::move(dns::Resolver::make(loop, {.servers = {"127.0.0.1:1"}}).value());
  MetricCells cells;
  Server server;
  std::vector<std::unique_ptr<test::PlainSocket>> clients;
  int live = 0;
};

}  // namespace weir::server
