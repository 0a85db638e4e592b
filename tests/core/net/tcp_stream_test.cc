#include "core/net/tcp_stream.h"

#include <functional>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/net/acceptor.h"
#include "core/net/connector.h"
#include "tests/support/opened.h"
#include "tests/support/plain_socket.h"
#include "tests/support/stream_peer.h"

namespace weir::net {
namespace {

using test::PlainSocket;
using test::StreamPeer;

// Bytes that depend on their position.
std::string pattern(std::size_t bytes, std::size_t from = 0) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>(((from + i) * 7 + (from + i) / 251) % 256);
  }
  return text;
}

class LoopbackTest : public ::testing::Test {
 protected:
  LoopbackTest() { ::signal(SIGPIPE, SIG_IGN); }  // as the program does

  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) loop.runOnce();
  }
  // False if it does not happen.
  bool until(const std::function<bool()>& reached) {
    for (int turn = 0; turn < 20'000; ++turn) {
      if (reached()) return true;
      loop.runOnce();
    }
    return false;
  }
  // All bytes until `bytes` have arrived or the peer ends, at most `step` at a time.
  std::string receive(PlainSocket& from, std::size_t bytes, std::size_t step = PlainSocket::kTake) {
    std::string all;
    until([&] {
      all += from.take(step);
      return all.size() >= bytes || from.ended() || from.failed();
    });
    return all;
  }

  event::Loop loop{event::Loop::Time::kManual};
};

// A stream connected to a plain socket.
class TcpStreamTest : public LoopbackTest {
 protected:
  const std::array<int, 2> ends = PlainSocket::tcpPair();
  StreamPeer peer{std::move(TcpStream::adopt(loop, ends[0]).value())};
  PlainSocket plain{ends[1]};
};

TEST_F(TcpStreamTest, TellsWhatComesAndSendsWhatIsWritten) {
  plain.send("question");
  ASSERT_TRUE(until([this] { return peer.received() == "question"; }));
  peer.send("ans");
  peer.send("wer");
  EXPECT_EQ(peer.stream().queued(), 6U);
  EXPECT_EQ(receive(plain, 6), "answer");
  EXPECT_EQ(peer.stream().queued(), 0U);
}

TEST_F(TcpStreamTest, SendsSmallWritesTogetherWhenTheTurnEnds) {
  peer.send("one ");
  peer.stream().write(asBytes("two "), asBytes("three"));
  EXPECT_EQ(plain.take(), "");
  loop.advance(Milliseconds(0));
  EXPECT_EQ(plain.take(), "one two three");
}

TEST_F(TcpStreamTest, SendsAtOnceWhenFlushed) {
  peer.send("now");
  EXPECT_TRUE(peer.stream().flush());
  EXPECT_EQ(plain.take(), "now");
}

TEST_F(TcpStreamTest, CannotFlushMoreThanThePeerTakes) {
  peer.send(std::string(32'000'000, 'x'));
  EXPECT_FALSE(peer.stream().flush());
  EXPECT_GT(peer.stream().queued(), 0U);
}

TEST_F(TcpStreamTest, KeepsTheOrderOfLargeWritesToASlowReader) {
  const std::string all = pattern(12'000'000);
  std::size_t sent = 0;
  Random sizes(5);
  std::string received;
  while (received.size() < all.size()) {
    const std::size_t now = std::min<std::size_t>(sizes.below(300'000), all.size() - sent);
    const std::size_t split = sizes.below(now + 1);
    peer.stream().write({all.data() + sent, split}, {all.data() + sent + split, now - split});
    sent += now;
    loop.runOnce();
    received += plain.take(100'000);
    ASSERT_FALSE(plain.failed());
  }
  EXPECT_TRUE(received == all);
  EXPECT_EQ(peer.stream().queued(), 0U);
}

TEST_F(TcpStreamTest, CountsWhatThePeerHasNotTaken) {
  const std::size_t total = 20'000'000;
  peer.send(std::string(total, 'x'));
  turns(10);
  const std::size_t queued = peer.stream().queued();
  EXPECT_GT(queued, Stream::kLowWater);
  EXPECT_LT(queued, total);
}

TEST_F(TcpStreamTest, TellsOnceWhenItHasDrained) {
  const std::size_t total = 20'000'000;
  peer.send(std::string(total, 'x'));
  peer.send("!");
  EXPECT_EQ(peer.history(), "");
  EXPECT_EQ(receive(plain, total + 1).size(), total + 1);
  ASSERT_TRUE(until([this] { return peer.stream().queued() == 0; }));
  EXPECT_EQ(peer.history(), "drained");
}

TEST_F(TcpStreamTest, TellsOfDrainingEveryTime) {
  const std::size_t total = 20'000'000;
  for (int i = 0; i < 2; ++i) {
    peer.send(std::string(total, 'x'));
    EXPECT_EQ(receive(plain, total).size(), total);
    ASSERT_TRUE(until([this] { return peer.stream().queued() == 0; }));
  }
  EXPECT_EQ(peer.history(), "drained drained");
}

TEST_F(TcpStreamTest, MayWriteMoreWhenItHasDrained) {
  const std::size_t total = 20'000'000;
  peer.script = [](StreamPeer& self) { self.send("more"); };
  peer.send(std::string(total, 'x'));
  EXPECT_EQ(receive(plain, total + 4).substr(total), "more");
}

TEST_F(TcpStreamTest, TellsNothingWhileItDoesNotRead) {
  peer.stream().setReading(false);
  plain.send("later");
  plain.end();
  turns(20);
  EXPECT_EQ(peer.history(), "");
  peer.stream().setReading(true);
  ASSERT_TRUE(until([this] { return peer.ended(); }));
  EXPECT_EQ(peer.received(), "later");
  EXPECT_EQ(peer.history(), "data end");
}

TEST_F(TcpStreamTest, StopsReadingWithinItsEvent) {
  peer.script = [](StreamPeer& self) { self.stream().setReading(false); };
  plain.send("first");
  ASSERT_TRUE(until([this] { return peer.received() == "first"; }));
  plain.send("second");
  turns(20);
  EXPECT_EQ(peer.received(), "first");
}

// A busy stream must not starve the others.
TEST_F(LoopbackTest, ReadsOnceATurn) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  StreamPeer peer(std::move(TcpStream::adopt(loop, ends[0]).value()));
  PlainSocket plain(ends[1]);
  const std::string all = pattern(2 * event::Loop::kLentBytes);
  const std::size_t sent = plain.send(all);
  ASSERT_GT(sent, event::Loop::kLentBytes);
  loop.runOnce();
  EXPECT_EQ(peer.received().size(), event::Loop::kLentBytes);
  loop.runOnce();
  EXPECT_TRUE(peer.received() == all.substr(0, sent));
}

TEST_F(TcpStreamTest, StillWritesAfterThePeerEnded) {
  plain.send("question");
  plain.end();
  ASSERT_TRUE(until([this] { return peer.ended(); }));
  peer.send("answer");
  EXPECT_EQ(receive(plain, 6), "answer");
}

TEST_F(TcpStreamTest, TellsTheEndOnceEvenIfItIsToldToReadAgain) {
  plain.end();
  ASSERT_TRUE(until([this] { return peer.ended(); }));
  peer.stream().setReading(true);
  turns(20);
  EXPECT_EQ(peer.history(), "end");
}

TEST_F(TcpStreamTest, StillReadsAfterItEnded) {
  peer.send("question");
  peer.end();
  EXPECT_EQ(receive(plain, 9), "question");
  EXPECT_TRUE(plain.ended());
  plain.send("answer");
  ASSERT_TRUE(until([this] { return peer.received() == "answer"; }));
}

TEST_F(TcpStreamTest, SendsAllThatIsQueuedBeforeItsEnd) {
  const std::string all = pattern(12'000'000);
  peer.send(all);
  peer.end();
  peer.send("never");
  const std::string received = receive(plain, all.size() + 1, 500'000);
  EXPECT_TRUE(received == all);
  EXPECT_TRUE(plain.ended());
}

TEST_F(TcpStreamTest, TellsOfAReset) {
  plain.reset();
  ASSERT_TRUE(until([this] { return peer.broken(); }));
  EXPECT_EQ(peer.history(), "broken:reset");
}

TEST_F(TcpStreamTest, HearsWhatCameBeforeAReset) {
  plain.send("last words");
  turns(1);
  plain.reset();
  ASSERT_TRUE(until([this] { return peer.broken(); }));
  EXPECT_EQ(peer.received(), "last words");
}

TEST_F(TcpStreamTest, ResetsWhenItIsBrokenOff) {
  peer.send("half of it");
  peer.stream().abort();
  peer.close();
  EXPECT_EQ(receive(plain, 1'000), "half of it");
  EXPECT_TRUE(plain.failed());
  EXPECT_FALSE(plain.ended());
}

TEST_F(TcpStreamTest, FindsAResetByWritingWhileItDoesNotRead) {
  peer.stream().setReading(false);
  plain.reset();
  turns(5);
  EXPECT_FALSE(peer.broken());
  peer.send("anybody?");
  ASSERT_TRUE(until([this] { return peer.broken(); }));
  EXPECT_EQ(peer.history(), "broken:reset");
}

TEST_F(TcpStreamTest, NeverTellsOfABreakdownFromWithinACall) {
  peer.stream().setReading(false);
  plain.reset();
  turns(5);
  peer.send(std::string(100'000, 'x'));
  peer.stream().flush();
  peer.end();
  EXPECT_EQ(peer.history(), "");
  turns(2);
  EXPECT_EQ(peer.history(), "broken:reset");
}

TEST_F(TcpStreamTest, TellsOfABreakdownOnceWithWritesUnderWay) {
  peer.send(std::string(20'000'000, 'x'));
  turns(5);
  plain.reset();
  ASSERT_TRUE(until([this] { return peer.broken(); }));
  turns(20);
  EXPECT_EQ(peer.history(), "broken:reset");
}

TEST_F(TcpStreamTest, TellsNothingAfterABreakdown) {
  plain.reset();
  ASSERT_TRUE(until([this] { return peer.broken(); }));
  peer.send("lost");
  peer.stream().setReading(true);
  peer.end();
  turns(20);
  EXPECT_EQ(peer.history(), "broken:reset");
}

TEST_F(TcpStreamTest, DoesNotGrowAfterABreakdown) {
  peer.stream().setReading(false);
  plain.reset();
  turns(5);
  peer.send(std::string(100'000, 'x'));
  peer.send(std::string(100'000, 'x'));
  EXPECT_EQ(peer.stream().queued(), 0U);
}

TEST_F(TcpStreamTest, SendsWhatIsQueuedWhenItIsDestroyed) {
  peer.send("good-bye");
  peer.close();
  EXPECT_EQ(receive(plain, 8), "good-bye");
  EXPECT_EQ(receive(plain, 1), "");
  EXPECT_TRUE(plain.ended());
}

TEST_F(TcpStreamTest, SendsWhatIsQueuedWhenItIsEndedAndDestroyed) {
  peer.send("good-bye");
  peer.end();
  peer.close();
  EXPECT_EQ(receive(plain, 8), "good-bye");
}

TEST_F(TcpStreamTest, MayBeDestroyedWithWritesThatNobodyTakes) {
  peer.send(std::string(20'000'000, 'x'));
  turns(5);
  peer.close();
  turns(5);
}

TEST_F(TcpStreamTest, MayBeDestroyedWhenItsLastWriteFails) {
  peer.stream().setReading(false);
  plain.reset();
  turns(5);
  peer.send("lost");
  peer.close();
  turns(5);
}

TEST_F(TcpStreamTest, MayBeDestroyedWithinItsEvents) {
  peer.script = [](StreamPeer& self) { self.close(); };
  plain.send("x");
  ASSERT_TRUE(until([this] { return peer.closed(); }));
  turns(5);
}

TEST_F(TcpStreamTest, MayBeDestroyedWhenThePeerEnds) {
  peer.script = [](StreamPeer& self) { self.close(); };
  plain.end();
  ASSERT_TRUE(until([this] { return peer.closed(); }));
  turns(5);
}

TEST_F(TcpStreamTest, MayBeDestroyedWhenItHasDrained) {
  peer.script = [](StreamPeer& self) { self.close(); };
  const std::size_t total = 20'000'000;
  peer.send(std::string(total, 'x'));
  receive(plain, total);
  ASSERT_TRUE(until([this] { return peer.closed(); }));
  turns(5);
}

class TcpConnectTest : public LoopbackTest {
 protected:
  Address listen(const Address& at) {
    auto socket = std::move(ListenSocket::open(at, 16).value());
    acceptor = test::opened(
        Acceptor::open(loop, std::move(socket), [this](int descriptor, const Address&) {
          accepted = std::make_unique<PlainSocket>(descriptor);
        }));
    return acceptor->address();
  }
  Address listen() { return listen(Address(IpAddress::v4({127, 0, 0, 1}), 0)); }
  bool untilAccepted() {
    return until([this] { return accepted != nullptr; });
  }
  // A free path, removed afterwards.
  Address unixAddress() {
    std::string path = ::testing::TempDir() + "/weir-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    unix_folder = path;
    return Address::unixPath(path + "/socket");
  }
  ~TcpConnectTest() override {
    if (unix_folder.empty()) return;
    ::unlink((unix_folder + "/socket").c_str());
    ::rmdir(unix_folder.c_str());
  }

  std::string unix_folder;
  std::unique_ptr<PlainSocket> accepted;
  std::unique_ptr<Acceptor> acceptor;
  TcpConnector connector{loop};
};

TEST_F(TcpConnectTest, TellsOfTheConnectionAndReads) {
  StreamPeer peer(std::move(connector.connect(listen()).value()));
  EXPECT_EQ(peer.history(), "");
  ASSERT_TRUE(untilAccepted());
  accepted->send("welcome");
  ASSERT_TRUE(until([&] { return peer.received() == "welcome"; }));
  EXPECT_EQ(peer.history(), "connected data");
}

TEST_F(TcpConnectTest, ConnectsOverIpv6) {
  StreamPeer peer(std::move(connector.connect(listen(Address::parse("[::1]:0").value())).value()));
  ASSERT_TRUE(until([&] { return peer.history() == "connected"; }));
}

TEST_F(TcpConnectTest, SendsWhatWasWrittenBeforeItWasConnected) {
  StreamPeer peer(std::move(connector.connect(listen()).value()));
  peer.send("early");
  EXPECT_FALSE(peer.stream().flush());
  ASSERT_TRUE(untilAccepted());
  EXPECT_EQ(receive(*accepted, 5), "early");
}

TEST_F(TcpConnectTest, KeepsTheOrderOfManyWritesBeforeItWasConnected) {
  StreamPeer peer(std::move(connector.connect(listen()).value()));
  const std::string all = pattern(500'000);
  for (std::size_t at = 0; at < 400'000; at += 4'000) peer.send(all.substr(at, 4'000));
  peer.script = [&](StreamPeer& self) {
    if (self.history() == "connected") self.send(all.substr(400'000));
  };
  ASSERT_TRUE(untilAccepted());
  EXPECT_TRUE(receive(*accepted, all.size()) == all);
}

TEST_F(TcpConnectTest, EndsAfterWhatWasWrittenBeforeItWasConnected) {
  StreamPeer peer(std::move(connector.connect(listen()).value()));
  peer.send("all");
  peer.end();
  peer.send("never");
  ASSERT_TRUE(untilAccepted());
  EXPECT_EQ(receive(*accepted, 4), "all");
  EXPECT_TRUE(accepted->ended());
  accepted->send("answer");
  ASSERT_TRUE(until([&] { return peer.received() == "answer"; }));
  EXPECT_EQ(peer.history(), "connected data");
}

TEST_F(TcpConnectTest, SaysWhenNobodyListens) {
  const Address nobody = listen();
  acceptor = nullptr;
  turns(2);
  StreamPeer peer(std::move(connector.connect(nobody).value()));
  peer.send("lost");
  ASSERT_TRUE(until([&] { return peer.broken(); }));
  turns(5);
  EXPECT_EQ(peer.history(), "broken:refused");
}

TEST_F(TcpConnectTest, MayBeGivenUpWhileItConnects) {
  {
    StreamPeer peer(std::move(connector.connect(listen()).value()));
    peer.send("lost");
  }
  turns(20);
}

TEST_F(TcpConnectTest, MayBeDestroyedWhenItIsRefused) {
  const Address nobody = listen();
  acceptor = nullptr;
  turns(2);
  auto peer = std::make_unique<StreamPeer>(std::move(connector.connect(nobody).value()));
  ASSERT_TRUE(until([&] { return peer->broken(); }));
  peer.reset();
  turns(5);
}

TEST_F(TcpConnectTest, ConnectsToUnixSockets) {
  StreamPeer peer(std::move(connector.connect(listen(unixAddress())).value()));
  peer.send("early");
  EXPECT_EQ(peer.history(), "");
  ASSERT_TRUE(untilAccepted());
  EXPECT_EQ(receive(*accepted, 5), "early");
  accepted->send("welcome");
  ASSERT_TRUE(until([&] { return peer.received() == "welcome"; }));
  EXPECT_EQ(peer.history(), "connected data");
}

TEST_F(TcpConnectTest, EndsOnUnixSocketsBeforeItWasToldOfTheConnection) {
  StreamPeer peer(std::move(connector.connect(listen(unixAddress())).value()));
  peer.send("all");
  peer.end();
  ASSERT_TRUE(untilAccepted());
  EXPECT_EQ(receive(*accepted, 4), "all");
  EXPECT_TRUE(accepted->ended());
  EXPECT_EQ(peer.history(), "connected");
}

TEST_F(TcpConnectTest, FailsAtOnceForUnixSocketsThatAreNotThere) {
  const auto missing = connector.connect(unixAddress());
  EXPECT_EQ(missing.error().code, ErrorCode::kRefused);
  const auto too_long = connector.connect(Address::unixPath(std::string(200, 'x')));
  EXPECT_EQ(too_long.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace weir::net
