#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_hd_inflater;

namespace weir::test {

// The response on one HTTP/2 stream.
struct Http2Answer {
  int status = 0;  // of the latest head
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool ended = false;
  bool reset = false;

  std::string field(std::string_view name) const;  // "" if there is none
};

// An HTTP/2 client that writes its frames by hand, so that it can also send invalid ones. The test
// transports the bytes.
class Http2Peer {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  Http2Peer();
  ~Http2Peer();
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  static std::string greeting();  // the preface and SETTINGS
  static std::string head(std::uint8_t stream, Fields fields, bool ends = true);
  static std::string data(std::uint8_t stream, std::string_view bytes, bool ends = false);
  static std::string resetStream(std::uint8_t stream);

  void feed(std::string_view bytes);  // from the server
  const Http2Answer& answer(std::uint32_t stream) { return answers_[stream]; }

 private:
  void takeFrame(char type, char flags, std::uint32_t stream, std::string_view payload);
  void takeFields(Http2Answer& answer, std::string_view block);

  std::string unread_;
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::map<std::uint32_t, Http2Answer> answers_;
};

}  // namespace weir::test
