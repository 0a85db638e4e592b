#include "core/tls/tls_stream.h"

#include <openssl/ssl.h>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tls/connector.h"
#include "tests/support/memory_connector.h"
#include "tests/support/stream_peer.h"
#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

using net::Handshake;
using test::MemoryStream;
using test::StreamPeer;

// A stream without a half-close: its writer sends more data after the end of TLS.
class EndlessStream final : public net::Stream {
 public:
  explicit EndlessStream(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}
  void setEvents(net::StreamEvents& events) override { stream_->setEvents(events); }
  void write(Bytes first, Bytes second) override { stream_->write(first, second); }
  std::size_t queued() const override { return stream_->queued(); }
  bool flush() override { return stream_->flush(); }
  void setReading(bool reading) override { stream_->setReading(reading); }
  void shutdownWrite() override {}
  void abort() override { stream_->abort(); }

 private:
  std::unique_ptr<net::Stream> stream_;
};

// A TLS client and a TLS server over connections in memory.
class TlsStreamTest : public ::testing::Test {
 protected:
  TlsStreamTest() {
    server_options.protocols = {"http/1.1"};
    client_options.protocols = {"http/1.1"};
    client_options.servers = authority.verifier();
    client_options.server_name = "a.test";
    certificates = {authority.certificate({"a.test"})};
  }

  void connect() {
    start();
    turns(12);
  }
  void start() {
    client.reset();
    server.reset();
    Connector connector(loop, wires, std::make_shared<const ClientConfig>(client_options),
                        &sessions);
    auto stream = connector.connect(net::Address::parse("10.0.0.1:443").value());
    client.emplace(std::move(stream.value()));
  }
  void accept(std::unique_ptr<MemoryStream> memory) {
    server_wire = memory.get();
    std::unique_ptr<net::Stream> wire = std::move(memory);
    if (wire_never_ends) wire = std::make_unique<EndlessStream>(std::move(wire));
    server.emplace(TlsStream::accept(loop, std::move(wire),
                                     std::make_shared<const ServerConfig>(
                                         server_options, CertificateSet(certificates), tickets)));
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i) loop.advance(Milliseconds(0));
  }
  const net::Security& atServer() { return *server->stream().security(); }
  const net::Security& atClient() { return *client->stream().security(); }
  void expectRefused(Handshake at_server, Handshake at_client) {
    EXPECT_TRUE(server->broken());
    EXPECT_TRUE(client->broken());
    EXPECT_EQ(atServer().result, at_server);
    EXPECT_EQ(atClient().result, at_client);
  }

  event::Loop loop{event::Loop::Time::kManual};
  test::TestAuthority authority;
  std::vector<std::shared_ptr<const Certificate>> certificates;
  ServerSetup server_options;
  ClientSetup client_options;
  std::shared_ptr<const TicketKeys> tickets =
      std::make_shared<const TicketKeys>(std::vector<TicketKeys::Secret>{TicketKeys::random()});
  SessionStore sessions;
  test::MemoryConnector wires{loop, [this](std::unique_ptr<MemoryStream> wire,
                                           const net::Address&) { accept(std::move(wire)); }};
  MemoryStream* server_wire = nullptr;
  bool wire_never_ends = false;
  std::optional<StreamPeer> server;
  std::optional<StreamPeer> client;
};

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>((i * 7 + i / 251) % 256);
  return text;
}

TEST_F(TlsStreamTest, AgreesAndTellsOnWhat) {
  connect();
  EXPECT_EQ(client->history(), "connected");
  EXPECT_EQ(server->history(), "connected");
  EXPECT_EQ(atServer().version, "TLSv1.3");
  EXPECT_EQ(atServer().protocol, "http/1.1");
  EXPECT_EQ(atServer().server_name, "a.test");
  EXPECT_EQ(atClient().cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(atClient().protocol, "http/1.1");
  EXPECT_FALSE(atClient().resumed);
}

TEST_F(TlsStreamTest, CarriesBytesBothWays) {
  connect();
  client->send("question");
  turns(2);
  EXPECT_EQ(server->received(), "question");
  server->send("answer");
  turns(2);
  EXPECT_EQ(client->received(), "answer");
}

TEST_F(TlsStreamTest, DoesNotSayThatItEndsWhenItBreaksOff) {
  connect();
  server->send("half of it");
  server->stream().abort();
  server->close();
  turns(4);
  EXPECT_EQ(client->received(), "half of it");
  EXPECT_EQ(client->history(), "connected data broken:reset");
}

TEST_F(TlsStreamTest, SealsWhatIsWrittenInATurnInOneRecord) {
  connect();
  server->send("first");
  turns(2);
  const std::size_t before = server_wire->received().delivered();
  client->send("one ");
  client->send("two ");
  client->send("three");
  turns(2);
  EXPECT_EQ(server->received(), "one two three");
  constexpr std::size_t kRecordOverhead = 5 + 1 + 16;  // header, type and tag of TLS 1.3
  EXPECT_EQ(server_wire->received().delivered() - before, 13 + kRecordOverhead);
}

TEST_F(TlsStreamTest, CarriesLargeWritesWhole) {
  connect();
  const std::string large = pattern(1'000'000);
  for (std::size_t at = 0; at < large.size(); at += 100'000) {
    server->stream().write(asBytes("head"), asBytes(std::string_view(large).substr(at, 100'000)));
  }
  turns(40);
  std::string expected;
  for (std::size_t at = 0; at < large.size(); at += 100'000) {
    expected += "head" + large.substr(at, 100'000);
  }
  EXPECT_EQ(client->received(), expected);
}

TEST_F(TlsStreamTest, TakesRecordsInAnyPieces) {
  const std::string text = pattern(20'000);
  for (const std::size_t piece : {1U, 3U, 7U, 1000U}) {
    start();
    for (int i = 0; i < 6000 && client->history().empty(); ++i) {
      if (server) server_wire->received().setFragment(piece);
      loop.advance(Milliseconds(0));
    }
    client->send(text);
    for (int i = 0; i < 25'000 && server->received().size() < text.size(); ++i) {
      loop.advance(Milliseconds(0));
    }
    EXPECT_EQ(server->received(), text) << piece;
  }
}

TEST_F(TlsStreamTest, SendsWhatWasWrittenBeforeTheHandshake) {
  start();
  client->send("early");
  turns(12);
  EXPECT_EQ(server->received(), "early");
}

TEST_F(TlsStreamTest, EndsEachWayByItself) {
  connect();
  client->send("last");
  client->end();
  turns(3);
  EXPECT_EQ(server->received(), "last");
  EXPECT_TRUE(server->ended());
  server->send("more");
  turns(3);
  EXPECT_EQ(client->received(), "more");
  server->end();
  turns(3);
  EXPECT_TRUE(client->ended());
  EXPECT_FALSE(client->broken());
}

TEST_F(TlsStreamTest, TakesAnEndWithoutWarningForABreakdown) {
  connect();
  server_wire->sent();  // the peer exists
  server_wire->shutdownWrite();
  turns(3);
  EXPECT_TRUE(client->broken());
  EXPECT_FALSE(client->ended());
}

TEST_F(TlsStreamTest, DropsWhatComesAfterTheEnd) {
  wire_never_ends = true;
  connect();
  server->end();
  turns(3);
  ASSERT_TRUE(client->ended());
  const std::size_t lent = loop.chunks().lent();
  for (int i = 0; i < 10; ++i) {
    server_wire->write(asBytes(pattern(100'000)));
    turns(2);
  }
  EXPECT_EQ(loop.chunks().lent(), lent);
  EXPECT_FALSE(client->broken());
}

TEST_F(TlsStreamTest, SaysThatItEndsWhenItIsDestroyed) {
  connect();
  server->send("bye");
  server->close();
  turns(3);
  EXPECT_EQ(client->received(), "bye");
  EXPECT_TRUE(client->ended());
}

TEST_F(TlsStreamTest, HoldsBackWhatNobodyReads) {
  connect();
  server->stream().setReading(false);
  client->send(pattern(300'000));
  turns(10);
  EXPECT_EQ(server->received(), "");
  EXPECT_GT(client->stream().queued(), 0U);
  server->stream().setReading(true);
  turns(20);
  EXPECT_EQ(server->received(), pattern(300'000));
  EXPECT_EQ(client->stream().queued(), 0U);
}

TEST_F(TlsStreamTest, StopsInTheMidstOfWhatArrived) {
  connect();
  server->script = [](StreamPeer& peer) { peer.stream().setReading(false); };
  client->send(pattern(200'000));
  turns(10);
  const std::size_t first = server->received().size();
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, 200'000U);
  server->script = nullptr;
  server->stream().setReading(true);
  turns(20);
  EXPECT_EQ(server->received(), pattern(200'000));
}

TEST_F(TlsStreamTest, TellsWhenItHasDrained) {
  connect();
  server->stream().setReading(false);
  turns(1);
  client->send(pattern(200'000));
  turns(3);
  EXPECT_EQ(client->history(), "connected");
  server->stream().setReading(true);
  turns(10);
  EXPECT_EQ(client->history(), "connected drained");
}

TEST_F(TlsStreamTest, ResumesASession) {
  connect();
  server->send("a ticket comes with the first bytes");
  turns(3);
  connect();
  EXPECT_TRUE(atClient().resumed);
  EXPECT_TRUE(atServer().resumed);
}

TEST_F(TlsStreamTest, ResumesASessionOfTls12) {
  server_options.max_version = Version::k12;
  connect();
  connect();
  EXPECT_EQ(atClient().version, "TLSv1.2");
  EXPECT_TRUE(atClient().resumed);
}

TEST_F(TlsStreamTest, DoesNotResumeWithOtherSecrets) {
  connect();
  server->send("x");
  turns(3);
  tickets =
      std::make_shared<const TicketKeys>(std::vector<TicketKeys::Secret>{TicketKeys::random()});
  connect();
  EXPECT_EQ(client->history(), "connected");
  EXPECT_FALSE(atClient().resumed);
}

TEST_F(TlsStreamTest, EndsTheSessionWithTheCertificateOfTheClient) {
  for (const Version version : {Version::k12, Version::k13}) {
    server_options.max_version = version;
    server_options.client_certificate = ClientCertificate::kRequired;
    server_options.clients = authority.verifier();
    client_options.own = authority.certificate({"client.test"});  // valid for an hour
    connect();
    server->send("a ticket comes with the first bytes");
    turns(3);
    const ClientConfig terms(client_options);
    ASSERT_NE(sessions.latest(terms.scope()), nullptr);
    const SSL_SESSION* session = sessions.latest(terms.scope());
    EXPECT_LE(version == Version::k12 ? SSL_SESSION_get_ticket_lifetime_hint(session)
                                      : SSL_SESSION_get_timeout(session),
              3600U);
    EXPECT_EQ(atServer().peer->not_after, client_options.own->notAfter());
  }
}

TEST_F(TlsStreamTest, AnswersPlainHttpInTheClear) {
  server_options.plain_http_reply = "HTTP/1.1 400 Bad Request\r\n\r\n";
  auto [near, far] = MemoryStream::makePair(loop);
  StreamPeer plain(std::move(near));
  accept(std::move(far));
  turns(1);
  plain.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  turns(3);
  EXPECT_EQ(plain.received(), "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(atServer().result, Handshake::kProtocol);
  EXPECT_EQ(atServer().reason, HandshakeReason::kPlainHttp);
}

TEST_F(TlsStreamTest, SaysWhyItRefusesACertificate) {
  const test::TestAuthority other;
  certificates = {other.certificate({"a.test"})};
  connect();
  EXPECT_EQ(atClient().reason, HandshakeReason::kUntrusted);
  EXPECT_THAT(*atClient().detail, ::testing::StartsWith("the certificate of a.test "));
  EXPECT_EQ(atServer().reason, reasonOfAlert(48));
  EXPECT_EQ(toString(atServer().reason), "unknown_ca");
  certificates = {authority.certificate({"b.test"})};
  connect();
  EXPECT_EQ(atClient().reason, HandshakeReason::kWrongName);
  EXPECT_THAT(*atClient().detail,
              ::testing::StartsWith("the certificate of b.test is not valid for a.test"));
}

TEST_F(TlsStreamTest, SaysWhatNamesWereWanted) {
  Verifier::Options demands;
  demands.names = SanMatcher({"spiffe://a.test/*", "*.shop.test"});
  server_options.client_certificate = ClientCertificate::kRequired;
  server_options.clients = authority.verifier(std::move(demands));
  client_options.own = authority.certificate({"client.test"});
  connect();
  EXPECT_EQ(atServer().result, Handshake::kBadPeerCertificate);
  EXPECT_EQ(atServer().reason, HandshakeReason::kWrongName);
  EXPECT_EQ(*atServer().detail,
            "the certificate of client.test: has none of the required names: "
            "spiffe://a.test/*, *.shop.test");
}

TEST_F(TlsStreamTest, RefusesAServerOfAnotherRoot) {
  const test::TestAuthority other;
  certificates = {other.certificate({"a.test"})};
  connect();
  expectRefused(Handshake::kPeerAlert, Handshake::kBadPeerCertificate);
  EXPECT_EQ(client->brokenBy(), ErrorCode::kTls);
}

TEST_F(TlsStreamTest, RefusesAServerOfAnotherName) {
  certificates = {authority.certificate({"b.test"})};
  connect();
  expectRefused(Handshake::kPeerAlert, Handshake::kBadPeerCertificate);
}

TEST_F(TlsStreamTest, RefusesAServerOutOfDate) {
  CertificateRequest request;
  request.name = "a.test";
  request.dns_names = {"a.test"};
  request.not_before = test::TestAuthority::now() - 2 * test::kHour;
  request.not_after = test::TestAuthority::now() - test::kHour;
  certificates = {test::TestAuthority::parsed(authority.issueFor(request))};
  connect();
  expectRefused(Handshake::kPeerAlert, Handshake::kBadPeerCertificate);
}

TEST_F(TlsStreamTest, BelievesAnybodyWhenToldTo) {
  const test::TestAuthority other;
  certificates = {other.certificate({"b.test"})};
  client_options.servers = nullptr;
  connect();
  EXPECT_EQ(client->history(), "connected");
}

TEST_F(TlsStreamTest, ChecksIpAddressesAsNames) {
  CertificateRequest request;
  request.name = "10.0.0.1";
  request.addresses = {"10.0.0.1"};
  certificates = {test::TestAuthority::parsed(authority.issueFor(request))};
  client_options.server_name = "10.0.0.1";
  connect();
  EXPECT_EQ(client->history(), "connected");
  EXPECT_EQ(atServer().server_name, "");  // RFC 6066, 3: addresses are not sent
}

TEST_F(TlsStreamTest, ShowsTheFirstCertificateToUnknownNamesOrRefusesThem) {
  client_options.server_name = "b.test";
  client_options.servers = nullptr;
  connect();
  EXPECT_EQ(client->history(), "connected");
  server_options.unknown_sni = UnknownNames::kRefuse;
  connect();
  expectRefused(Handshake::kUnknownName, Handshake::kPeerAlert);
}

TEST_F(TlsStreamTest, RefusesWhatIsNoTls) {
  auto pair = MemoryStream::makePair(loop);
  accept(std::move(pair.first));
  StreamPeer plain(std::move(pair.second));
  plain.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  turns(3);
  EXPECT_TRUE(server->broken());
  EXPECT_EQ(atServer().result, Handshake::kProtocol);
}

TEST_F(TlsStreamTest, GivesUpOnAHandshakeThatTakesTooLong) {
  auto pair = MemoryStream::makePair(loop);
  accept(std::move(pair.first));
  StreamPeer silent(std::move(pair.second));
  loop.advance(server_options.handshake_timeout + Milliseconds(10));
  EXPECT_TRUE(server->broken());
  EXPECT_EQ(atServer().result, Handshake::kTimeout);
}

TEST_F(TlsStreamTest, AsksClientsForACertificate) {
  server_options.client_certificate = ClientCertificate::kRequired;
  server_options.clients = authority.verifier();
  connect();
  EXPECT_EQ(atServer().result, Handshake::kNoPeerCertificate);
  client_options.own = authority.certificate({"client.test"});
  connect();
  EXPECT_EQ(server->history(), "connected");
  const test::TestAuthority other;
  client_options.own = other.certificate({"client.test"});
  connect();
  EXPECT_EQ(atServer().result, Handshake::kBadPeerCertificate);
}

TEST_F(TlsStreamTest, RefusesAHandshakeTooMany) {
  event::SharedCount handshakes;
  server_options.handshakes = &handshakes;
  server_options.max_handshakes = 1;
  connect();
  EXPECT_EQ(server->history(), "connected");
  EXPECT_EQ(handshakes.value(), 0U);
  ASSERT_TRUE(handshakes.tryAdd(0));  // of another connection
  connect();
  EXPECT_EQ(server->history(), "broken:tls");
  EXPECT_EQ(atServer().result, Handshake::kOverload);
  EXPECT_EQ(handshakes.value(), 1U);
}

TEST_F(TlsStreamTest, CountsAHandshakeUntilItsConnectionIsGone) {
  event::SharedCount handshakes;
  server_options.handshakes = &handshakes;
  start();
  EXPECT_EQ(handshakes.value(), 1U);
  server.reset();
  EXPECT_EQ(handshakes.value(), 0U);
}

TEST_F(TlsStreamTest, SignsWithRsaAsideOfTheLoop) {
  certificates = {authority.certificate({"a.test"}, Certificate::KeyType::kRsa)};
  for (const Version version : {Version::k12, Version::k13}) {
    server_options.max_version = version;
    connect();
    EXPECT_EQ(server->history(), "connected");
    EXPECT_EQ(client->history(), "connected");
  }
}

TEST_F(TlsStreamTest, MayBeGoneBeforeItsSignatureIsMade) {
  certificates = {authority.certificate({"a.test"}, Certificate::KeyType::kRsa)};
  start();
  server->stream().abort();
  server.reset();
  turns(4);
  EXPECT_TRUE(client->broken());
}

TEST_F(TlsStreamTest, TellsWhoThePeerIs) {
  server_options.client_certificate = ClientCertificate::kOptional;
  server_options.clients = authority.verifier();
  tls::CertificateRequest wanted;
  wanted.name = "cart";
  wanted.dns_names = {"cart.test"};
  wanted.identity = "spiffe://a.test/ns/shop/sa/cart";
  client_options.own = test::TestAuthority::parsed(authority.issueFor(wanted));
  connect();
  ASSERT_NE(atServer().peer, nullptr);
  EXPECT_EQ(atServer().peer->identity, wanted.identity);
  EXPECT_EQ(atServer().peer->names, wanted.dns_names);
  EXPECT_EQ(atServer().peer->subject, "CN=cart");
  EXPECT_EQ(atServer().peer->hash.size(), 64U);
  EXPECT_FALSE(atServer().peer->admitted_as);
  ASSERT_NE(atClient().peer, nullptr);
  EXPECT_EQ(atClient().peer->names, std::vector<std::string>{"a.test"});
  client_options.own = nullptr;  // a session would still identify the client
  connect();
  EXPECT_EQ(atServer().peer, nullptr);
}

TEST_F(TlsStreamTest, LetsInWhoHasANameThatIsAskedFor) {
  server_options.client_certificate = ClientCertificate::kRequired;
  server_options.clients = authority.verifier({.names = SanMatcher({"other.test", "*.shop.test"})});
  client_options.own = authority.certificate({"cart.shop.test"});
  connect();
  EXPECT_EQ(server->history(), "connected");
  EXPECT_EQ(atServer().peer->admitted_as, 1U);
  client_options.own = authority.certificate({"cart.test"});
  connect();
  EXPECT_EQ(atServer().result, Handshake::kBadPeerCertificate);
}

TEST_F(TlsStreamTest, LetsInWhoHasACertificateThatIsAskedFor) {
  server_options.client_certificate = ClientCertificate::kRequired;
  server_options.clients = authority.verifier();
  client_options.own = authority.certificate({"cart.test"});
  connect();
  const std::string hash = atServer().peer->hash;
  server_options.clients = authority.verifier({.hashes = {hash}});
  connect();
  EXPECT_EQ(server->history(), "connected");
  client_options.own = authority.certificate({"cart.test"});
  connect();
  EXPECT_EQ(atServer().result, Handshake::kBadPeerCertificate);
}

// A session was verified when it began; the requirements for clients may have changed since.
TEST_F(TlsStreamTest, ChecksAClientAnewWhenOtherThingsAreAsked) {
  for (const Version version : {Version::k12, Version::k13}) {
    server_options.max_version = version;
    server_options.client_certificate = ClientCertificate::kRequired;
    server_options.clients = authority.verifier();
    client_options.own = authority.certificate({"cart.test"});
    connect();
    server->send("a ticket comes with the first bytes");
    turns(3);
    connect();
    EXPECT_TRUE(atServer().resumed);
    EXPECT_EQ(atServer().peer->names, std::vector<std::string>{"cart.test"});
    server_options.clients = authority.verifier({.names = SanMatcher({"other.test"})});
    connect();
    EXPECT_FALSE(atServer().resumed);
    EXPECT_EQ(atServer().result, Handshake::kBadPeerCertificate);
  }
}

TEST_F(TlsStreamTest, ChecksAServerAnewWhenOtherThingsAreAsked) {
  connect();
  client_options.servers = authority.verifier({.names = SanMatcher({"spiffe://a.test/x"})});
  connect();
  EXPECT_EQ(atClient().result, Handshake::kBadPeerCertificate);
}

TEST_F(TlsStreamTest, ChecksNamesInPlaceOfTheServersName) {
  client_options.servers = authority.verifier({.names = SanMatcher({"a.test"})});
  client_options.server_name = "cart";
  client_options.check_server_name = false;
  connect();
  EXPECT_EQ(client->history(), "connected");
  EXPECT_EQ(atServer().server_name, "cart");
}

TEST_F(TlsStreamTest, LetsClientsGoWithoutACertificateWhenItIsOptional) {
  server_options.client_certificate = ClientCertificate::kOptional;
  server_options.clients = authority.verifier();
  connect();
  EXPECT_EQ(server->history(), "connected");
}

TEST_F(TlsStreamTest, BreaksOnAForgedRecord) {
  connect();
  MemoryStream* wire = server_wire;
  const std::string forged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  wire->write(asBytes(forged));
  turns(3);
  EXPECT_TRUE(client->broken());
  EXPECT_EQ(client->brokenBy(), ErrorCode::kTls);
}

}  // namespace
}  // namespace weir::tls
