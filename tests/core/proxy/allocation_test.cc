#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net/tcp_stream.h"
#include "tests/core/proxy/allocations.h"
#include "tests/core/proxy/fixture.h"
#include "tests/support/plain_socket.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kTinyGet = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";
constexpr std::string_view kBrowserGet =
    "GET /cart/items?page=2&size=50 HTTP/1.1\r\n"
    "Host: shop.test\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: http://shop.test/cart\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "DNT: 1\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: no-cache\r\n"
    "\r\n";

// One client and one upstream over loopback, in the same thread, that do not allocate memory.
class AllocationTest : public ProxyTest {
 protected:
  AllocationTest() {
    connector_used = &tcp_connector_;
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_storage storage{};
    const auto length = net::Address::parse("127.0.0.1:0").value().toSocket(storage);
    auto* name = reinterpret_cast<sockaddr*>(&storage);
    socklen_t room = sizeof storage;
    EXPECT_EQ(::bind(listening_, name, length), 0);
    EXPECT_EQ(::listen(listening_, 1), 0);
    EXPECT_EQ(::getsockname(listening_, name, &room), 0);
    clusters["orders"] = {{net::Address::fromSocket(storage).text()}};
  }
  ~AllocationTest() override {
    for (const int descriptor : {listening_, client_, upstream_}) ::close(descriptor);
    listener->closeAll();
    for (int i = 0; i < 8; ++i) loop.runOnce();
  }

  void connectClient() {
    const auto [client, served] = test::PlainSocket::tcpPair();
    client_ = client;
    listener_count.tryAdd(0);
    process_count.tryAdd(0);
    ConnectionFacts visitor;
    visitor.address = net::Address::parse("203.0.113.7:5000").value();
    listener->serve(std::move(net::TcpStream::adopt(loop, served).value()), std::move(visitor));
  }

  // Sends a request whose response is `reply`; false if the response is incomplete.
  bool exchange(std::string_view request, std::string_view reply) {
    send(client_, request);
    std::size_t arrived = 0;
    for (int turn = 0; turn < 1000 && arrived < reply.size(); ++turn) {
      loop.runOnce();
      serveUpstream(reply);
      arrived += receive(client_);
    }
    // The head is slightly longer: Via is added.
    return arrived >= reply.size();
  }

  // The allocations of `times` exchanges, after as many to warm up.
  std::size_t allocationsOf(std::string_view request, std::string_view reply, int times) {
    int whole = 0;
    for (int i = 0; i < times; ++i) whole += exchange(request, reply) ? 1 : 0;
    loop.advance(Milliseconds(1'500));  // the pools are trimmed
    const std::size_t before = test::allocations();
    for (int i = 0; i < times; ++i) whole += exchange(request, reply) ? 1 : 0;
    const std::size_t taken = test::allocations() - before;
    EXPECT_EQ(whole, 2 * times);
    return taken;
  }

 private:
  static void send(int descriptor, std::string_view text) {
    EXPECT_EQ(::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::size_t receive(int descriptor) {
    const ssize_t bytes = ::recv(descriptor, room_.data(), room_.size(), MSG_DONTWAIT);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }
  void serveUpstream(std::string_view reply) {
    if (upstream_ < 0) upstream_ = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK);
    if (upstream_ < 0) return;
    const std::size_t bytes = receive(upstream_);
    if (bytes == 0) return;
    const std::string_view text(room_.data(), bytes);
    if (text.ends_with("\r\n\r\n") || text.ends_with("body-end")) send(upstream_, reply);
  }

  net::TcpConnector tcp_connector_{loop};
  int listening_ = -1;
  int client_ = -1;
  int upstream_ = -1;
  std::array<char, 128 * 1024> room_{};
};

TEST_F(AllocationTest, WarmExchangesTakeNoMemoryFromTheHeap) {
  startForwarding();
  engine->setAccessLog(nullptr);
  connectClient();
  EXPECT_EQ(allocationsOf(kTinyGet, reply("hello"), 300), 0U);
  EXPECT_EQ(gauge(upstreamConnectionsActiveKey(id("orders"))), 1);
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kH1, 200)), 600U);
}

TEST_F(AllocationTest, ABrowsersHeadersTakeNoMemoryFromTheHeap) {
  startForwarding();
  engine->setAccessLog(nullptr);
  connectClient();
  EXPECT_EQ(allocationsOf(kBrowserGet, reply("hello", "x-version: 7\r\netag: \"5\"\r\n"), 300), 0U);
}

TEST_F(AllocationTest, BodiesTakeNoMemoryFromTheHeap) {
  startForwarding();
  engine->setAccessLog(nullptr);
  connectClient();
  const std::string post =
      "POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8008\r\n\r\n" +
      std::string(8'000, 'x') + "body-end";
  EXPECT_EQ(allocationsOf(post, reply(std::string(16 * 1024, 'y')), 100), 0U);
}

TEST_F(AllocationTest, ARoutesWorkOnHeadersTakesNoMemoryFromTheHeap) {
  start(R"([[route]]
name = "all"
match = { path_template = "/{area}/items" }
upstream = "orders"
rewrite = { path = "/v1/${capture.area}" }
request_headers = { set = { "x-caller" = "${client.address} ${request.id}" } }
response_headers = { add = { "x-area" = "${capture.area}" } }
)");
  engine->setAccessLog(nullptr);
  connectClient();
  EXPECT_EQ(allocationsOf(kBrowserGet, reply("hello"), 300), 0U);
}

TEST_F(AllocationTest, CountsWhatIsAllocated) {
  startForwarding();
  const std::size_t before = test::allocations();
  const std::string long_text(1000, 'x');
  EXPECT_EQ(long_text.size(), 1000U);
  EXPECT_EQ(test::allocations() > before, test::kCountsAllocations);
}

}  // namespace
}  // namespace weir::proxy
