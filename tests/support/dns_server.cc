#include "tests/support/dns_server.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/net/tcp_stream.h"
#include "tests/support/opened.h"

namespace weir::test {
namespace {

constexpr unsigned kA = 1;
constexpr unsigned kCname = 5;
constexpr unsigned kAaaa = 28;
constexpr unsigned kSrv = 33;
constexpr int kAttempts = 100;

void append(std::string& to, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>((value >> (8 * i)) & 0xffU);
}

std::string encodeName(std::string_view name) {
  std::string encoded;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    append(encoded, static_cast<std::uint32_t>(dot), 1);
    encoded += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return encoded + '\0';
}

unsigned number(std::string_view message, std::size_t at) {
  return static_cast<unsigned char>(message[at]) * 256U +
         static_cast<unsigned char>(message[at + 1]);
}

std::string typeName(unsigned type) {
  if (type == kA) return "A";
  if (type == kAaaa) return "AAAA";
  return type == kSrv ? "SRV" : std::to_string(type);
}

std::string bytesOf(const std::string& ip, std::size_t skipped) {
  const auto bytes = IpAddress::parse(ip).value().bytes();
  return {reinterpret_cast<const char*>(bytes.data()) + skipped, bytes.size() - skipped};
}

}  // namespace

DnsServer::DnsServer(event::Loop& loop) : loop_(loop) {
  // The TCP port must equal the one that the system chose for UDP, and may be in use.
  for (int attempt = 0; attempt < kAttempts && tcp_ == nullptr; ++attempt) open();
  WEIR_CHECK(tcp_ != nullptr);
  udp_watch_ = opened(event::DescriptorWatch::open(loop_, udp_, [this](bool, bool) { onUdp(); }));
  udp_watch_->watch(true, false);
}

DnsServer::~DnsServer() {
  udp_watch_.reset();
  ::close(udp_);
}

void DnsServer::open() {
  if (udp_ >= 0) ::close(udp_);
  udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const net::Address any_port(IpAddress::v4({127, 0, 0, 1}), 0);
  sockaddr_storage storage{};
  socklen_t length = any_port.toSocket(storage);
  WEIR_CHECK(::bind(udp_, reinterpret_cast<const sockaddr*>(&storage), length) == 0);
  length = sizeof storage;
  ::getsockname(udp_, reinterpret_cast<sockaddr*>(&storage), &length);
  const net::Address chosen = net::Address::fromSocket(storage);
  port_ = chosen.port();
  auto listening = net::ListenSocket::open(chosen, 16);
  if (!listening.ok()) return;
  const auto on_accept = [this](int descriptor, const net::Address&) {
    auto stream = std::move(net::TcpStream::adopt(loop_, descriptor).value());
    tcp_peers_.push_back(std::make_unique<TcpPeer>(std::move(stream)));
    TcpPeer& peer = *tcp_peers_.back();
    peer.stream.script = [this, &peer](StreamPeer&) { onTcp(peer); };
  };
  tcp_ = opened(net::Acceptor::open(loop_, std::move(listening.value()), on_accept));
}

void DnsServer::setA(const std::string& name, const std::vector<std::string>& ips,
                     std::uint32_t ttl) {
  auto& records = zone_[name].records[kA];
  records.clear();
  for (const std::string& ip : ips) records.push_back({kA, ttl, bytesOf(ip, 12)});
}

void DnsServer::setAaaa(const std::string& name, const std::vector<std::string>& ips,
                        std::uint32_t ttl) {
  auto& records = zone_[name].records[kAaaa];
  records.clear();
  for (const std::string& ip : ips) records.push_back({kAaaa, ttl, bytesOf(ip, 0)});
}

void DnsServer::setSrv(const std::string& name, const std::vector<dns::Service>& services,
                       std::uint32_t ttl) {
  auto& records = zone_[name].records[kSrv];
  records.clear();
  for (const dns::Service& service : services) {
    std::string data;
    append(data, service.priority, 2);
    append(data, service.weight, 2);
    append(data, service.port, 2);
    records.push_back({kSrv, ttl, data + encodeName(service.target)});
  }
}

void DnsServer::setAlias(const std::string& name, const std::string& target, std::uint32_t ttl) {
  zone_[name].alias = target;
  zone_[name].alias_ttl = ttl;
}

std::size_t DnsServer::queriesFor(std::string_view query) const {
  return static_cast<std::size_t>(std::count(queries_.begin(), queries_.end(), query));
}

void DnsServer::onUdp() {
  std::array<char, 1500> buffer{};
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  auto* raw = reinterpret_cast<sockaddr*>(&from);
  const auto count = ::recvfrom(udp_, buffer.data(), buffer.size(), 0, raw, &length);
  if (count < 12) return;
  const std::string answer = reply({buffer.data(), static_cast<std::size_t>(count)}, true);
  if (!answer.empty()) ::sendto(udp_, answer.data(), answer.size(), 0, raw, length);
}

void DnsServer::onTcp(TcpPeer& peer) {
  peer.pending += peer.stream.takeReceived();
  while (peer.pending.size() >= 2 && peer.pending.size() >= 2 + number(peer.pending, 0)) {
    ++tcp_queries_;
    const std::size_t length = number(peer.pending, 0);
    const std::string answer = reply(peer.pending.substr(2, length), false);
    peer.pending.erase(0, 2 + length);
    std::string framed;
    append(framed, static_cast<std::uint32_t>(answer.size()), 2);
    peer.stream.send(framed + answer);
  }
}

DnsServer::Question DnsServer::questionOf(std::string_view message) {
  Question question;
  std::size_t at = 12;
  while (at < message.size() && message[at] != 0) {
    const auto length = static_cast<unsigned char>(message[at]);
    if (!question.name.empty()) question.name += '.';
    question.name += message.substr(at + 1, length);
    at += 1 + std::size_t{length};
  }
  question.type = number(message, at + 1);
  question.end = at + 5;
  return question;
}

DnsServer::Fault DnsServer::faultOf(const Question& question) const {
  const auto typed = faults_.find(typeName(question.type) + " " + question.name);
  if (typed != faults_.end()) return typed->second;
  const auto found = faults_.find(question.name);
  return found == faults_.end() ? Fault::kNone : found->second;
}

std::string DnsServer::reply(std::string_view message, bool udp) {
  const Question question = questionOf(message);
  queries_.push_back(typeName(question.type) + " " + question.name);
  if (to_drop_ > 0) {
    --to_drop_;
    return "";
  }
  const auto found = zone_.find(question.name);
  const Fault fault = faultOf(question);
  if (fault == Fault::kSilent) return "";
  if (fault == Fault::kGarbage) return std::string(message.substr(0, 2)) + "\x81\x80garbage";
  unsigned count = 0;
  std::string body = records(question, count);
  const bool truncated = udp && truncate_udp_;
  if (truncated) body.clear();
  if (truncated) count = 0;
  if (fault == Fault::kCutShort && !body.empty()) body.resize(body.size() - 3);
  unsigned code = found == zone_.end() ? 3 : 0;  // NXDOMAIN
  if (fault == Fault::kServerFails) code = 2;
  std::string answer(message.substr(0, 2));  // its ID
  append(answer, truncated ? 0x8780 : 0x8580 | code, 2);
  append(answer, 1, 2);
  append(answer, count, 2);
  append(answer, 0, 4);
  return answer.append(message.substr(12, question.end - 12)).append(body);
}

std::string DnsServer::records(const Question& question, unsigned& count) const {
  std::string body;
  auto found = zone_.find(question.name);
  std::string owner("\xc0\x0c", 2);  // the name in the question
  while (found != zone_.end() && !found->second.alias.empty()) {
    const Name& name = found->second;
    const std::string target = encodeName(name.alias);
    body += owner;
    append(body, kCname, 2);
    append(body, 1, 2);
    append(body, name.alias_ttl, 4);
    append(body, static_cast<std::uint32_t>(target.size()), 2);
    body += target;
    ++count;
    owner = target;
    found = zone_.find(name.alias);
  }
  if (found == zone_.end()) return body;
  const auto records = found->second.records.find(question.type);
  if (records == found->second.records.end()) return body;
  for (const Record& record : records->second) {
    body += owner;
    append(body, record.type, 2);
    append(body, 1, 2);
    append(body, record.ttl, 4);
    append(body, static_cast<std::uint32_t>(record.data.size()), 2);
    body += record.data;
    ++count;
  }
  return body;
}

}  // namespace weir::test
