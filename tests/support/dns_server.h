#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/answer.h"
#include "core/event/descriptor_watch.h"
#include "core/event/loop.h"
#include "core/net/acceptor.h"
#include "core/net/address.h"
#include "tests/support/stream_peer.h"

namespace weir::test {

// A DNS server on a free port of 127.0.0.1, over UDP and TCP, that gives prepared answers. Names
// without an answer do not exist.
class DnsServer {
 public:
  enum class Fault {
    kNone,
    kSilent,      // no answer
    kGarbage,     // bytes that are not a message
    kCutShort,    // an answer that ends in the middle of its records
    kServerFails  // SERVFAIL
  };

  explicit DnsServer(event::Loop& loop);
  ~DnsServer();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Each replaces the previous answer for the name and the type. `name` has no final dot.
  void setA(const std::string& name, const std::vector<std::string>& ips, std::uint32_t ttl);
  void setAaaa(const std::string& name, const std::vector<std::string>& ips, std::uint32_t ttl);
  void setSrv(const std::string& name, const std::vector<dns::Service>& services,
              std::uint32_t ttl);
  void setAlias(const std::string& name, const std::string& target, std::uint32_t ttl);
  // For a name, or for one type of it: "AAAA one.test".
  void setFault(const std::string& question, Fault fault) { faults_[question] = fault; }
  void remove(const std::string& name) { zone_.erase(name); }
  void dropNext(int queries) { to_drop_ = queries; }             // ignores so many queries
  void truncateUdp(bool truncate) { truncate_udp_ = truncate; }  // sets TC

  // "A one.test", in order of arrival.
  const std::vector<std::string>& queries() const { return queries_; }
  std::size_t queriesFor(std::string_view query) const;
  std::size_t tcpQueries() const { return tcp_queries_; }

 private:
  struct Record {
    unsigned type;
    std::uint32_t ttl;
    std::string data;
  };
  struct Name {
    std::map<unsigned, std::vector<Record>> records;  // by queried type
    std::string alias;
    std::uint32_t alias_ttl = 0;
  };
  struct Question {
    std::string name;
    unsigned type = 0;
    std::size_t end = 0;  // of the message
  };
  struct TcpPeer {
    explicit TcpPeer(std::unique_ptr<net::Stream> connection) : stream(std::move(connection)) {}
    StreamPeer stream;
    std::string pending;  // of an incomplete query
  };

  void open();
  void onUdp();
  void onTcp(TcpPeer& peer);
  static Question questionOf(std::string_view message);
  Fault faultOf(const Question& question) const;
  std::string reply(std::string_view message, bool udp);
  std::string records(const Question& question, unsigned& count) const;

  event::Loop& loop_;
  int udp_ = -1;
  std::uint16_t port_ = 0;
  std::unique_ptr<event::DescriptorWatch> udp_watch_;
  std::unique_ptr<net::Acceptor> tcp_;
  std::vector<std::unique_ptr<TcpPeer>> tcp_peers_;
  std::map<std::string, Name> zone_;
  std::map<std::string, Fault> faults_;
  std::vector<std::string> queries_;
  std::size_t tcp_queries_ = 0;
  int to_drop_ = 0;
  bool truncate_udp_ = false;
};

}  // namespace weir::test
