#include "core/base/log.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

namespace weir::log {
namespace {

constexpr int kPatienceMs = 1'000;  // wait for a blocked stderr

// Used while no sink is set: before the server starts and after it has stopped.
void writeNow(std::string_view line) {
  while (!line.empty()) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, kPatienceMs) == 0) return;
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

Level fromSpdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return Level::kDebug;
    case spdlog::level::info:
      return Level::kInfo;
    case spdlog::level::warn:
      return Level::kWarning;
    default:
      return Level::kError;
  }
}

class ForwardSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  Sink* target = nullptr;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const Line line{fromSpdlog(message.level),
                    std::chrono::duration_cast<Nanoseconds>(message.time.time_since_epoch()),
                    {message.payload.data(), message.payload.size()}};
    if (target != nullptr) return target->write(line);
    writeNow(lineText(line, Format::kText));
  }
  void flush_() override {}
};

// spdlog owns the one logger of the process; it is safe to call from any thread.
struct Output {
  Output() : Output(std::make_shared<ForwardSink>()) {}
  explicit Output(spdlog::sink_ptr shared)
      : sink(static_cast<ForwardSink&>(*shared)), logger("weir", std::move(shared)) {}

  ForwardSink& sink;  // owned by `logger`
  spdlog::logger logger;
};

Output& output() {
  static Output instance;
  return instance;
}

spdlog::level::level_enum levelOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// "2026-01-31T12:00:00.123Z"
std::string timeText(Nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<Milliseconds>(time - seconds);
  const auto stamp = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  ::gmtime_r(&stamp, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(rest.count()));
  return text.data();
}

// A message may contain text from a peer or a file: none of its bytes may end the line or move the
// cursor of a terminal.
void appendEscaped(std::string_view message, Format format, std::string& to) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      to += format == Format::kJson ? "\\u00" : "\\x";
      to += kHex[byte >> 4U];
      to += kHex[byte & 0xfU];
    } else {
      if (format == Format::kJson && (c == '"' || c == '\\')) to += '\\';
      to += c;
    }
  }
}

}  // namespace

std::string_view toString(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::string lineText(const Line& line, Format format) {
  std::string text;
  text.reserve(line.message.size() + 80);
  if (format == Format::kJson) {
    text += R"({"time":")" + timeText(line.time) + R"(","level":")";
    text += toString(line.level);
    text += R"(","message":")";
    appendEscaped(line.message, format, text);
    text += "\"}\n";
    return text;
  }
  text += timeText(line.time) + " ";
  text += toString(line.level);
  text += ' ';
  appendEscaped(line.message, format, text);
  text += '\n';
  return text;
}

void setSink(Sink* sink) { output().sink.target = sink; }

void setLevel(Level level) { output().logger.set_level(levelOf(level)); }
Level level() { return fromSpdlog(output().logger.level()); }

void debug(std::string_view message) { output().logger.debug(message); }
void info(std::string_view message) { output().logger.info(message); }
void warning(std::string_view message) { output().logger.warn(message); }
void error(std::string_view message) { output().logger.error(message); }

}  // namespace weir::log
