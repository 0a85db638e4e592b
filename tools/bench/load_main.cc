// load --target 127.0.0.1:8080 [--path /2] [--host name] [--connections 64] [--in-flight 64]
//      [--requests N] [--seconds S] [--rate R] [--warmup N] [--new-connection]
//      [--tls 1.2|1.3] [--resume] [--headers none|browser] [--field "name: value"] [--variants N]
//      [--expect-status 200] [--expect-length N] [--hold]
//
// Prints one JSON object. {n} in the path and the host is replaced by a number below --variants,
// chosen at random for each request. --hold prints "ready" when all connections are open and warm,
// waits for a line on stdin before it starts, and keeps its connections open until stdin ends.
// SIGUSR1 ends the run early.

#include <cstdio>
#include <memory>
#include <unistd.h>

#include "tools/bench/load.h"
#include "tools/bench/options.h"

namespace weir::bench {
namespace {

constexpr std::string_view kBrowserFields =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;"
    "q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de-CH;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.com/catalogue/shoes?page=2&sort=price\r\n"
    "Cookie: session=4f1c2d7a90b34e558a6b1f0e9d2c7b31; theme=dark; consent=yes\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Cache-Control: no-cache\r\n";

// Replaces each {n}.
std::string numbered(std::string text, std::size_t number) {
  constexpr std::string_view kMark = "{n}";
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark)) {
    text.replace(at, kMark.size(), std::to_string(number));
  }
  return text;
}

std::vector<std::string> takeRequests(Options& options, bool closing) {
  const auto path = options.take("path", "/2");
  const auto host = options.take("host", "bench.example");
  const auto headers = options.take("headers", "none");
  const auto variants = options.takeNumber<std::size_t>("variants", 1);
  std::string rest;
  if (headers == "browser") rest = kBrowserFields;
  if (const auto field = options.take("field", ""); !field.empty()) rest += field + "\r\n";
  if (closing) rest += "Connection: close\r\n";
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < variants; ++i) {
    requests.push_back(numbered("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n", i) + rest +
                       "\r\n");
  }
  return requests;
}

LoadSettings takeSettings(Options& options) {
  LoadSettings settings;
  settings.target = parseAddress(options.take("target", ""));
  settings.new_connections = options.takeSwitch("new-connection");
  settings.tls = options.take("tls", "");
  settings.resume = options.takeSwitch("resume");
  settings.server_name = options.take("server-name", "bench.example");
  settings.requests = takeRequests(options, settings.new_connections);
  settings.connections = options.takeNumber<std::size_t>("connections", 1);
  settings.in_flight = options.takeNumber("in-flight", settings.connections);
  settings.expected_status = options.takeNumber("expect-status", 200);
  settings.expected_length = options.takeNumber<std::int64_t>("expect-length", -1);
  settings.timeout = options.takeNumber<std::uint64_t>("timeout-ms", 10'000) * 1'000'000;
  return settings;
}

LoadRun takeRun(Options& options) {
  LoadRun run;
  run.requests = options.takeNumber<std::uint64_t>("requests", 0);
  run.duration = static_cast<std::uint64_t>(options.takeNumber("seconds", 0.0) * 1e9);
  run.rate = options.takeNumber("rate", 0.0);
  if (run.requests == 0 && run.duration == 0) run.duration = 1'000'000'000;
  return run;
}

void printLatency(const char* name, const Latency& latency) {
  const auto at = [&](double share) {
    return static_cast<double>(latency.percentile(share)) / 1000.0;
  };
  std::printf(
      "\"%s\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"max\": %.1f}", name,
      at(0.5), at(0.9), at(0.99), at(0.999), static_cast<double>(latency.largest()) / 1000.0);
}

void print(const LoadResult& result) {
  const double seconds = static_cast<double>(result.nanoseconds) / 1e9;
  std::printf("{\"requests\": %lu, \"errors\": %lu, \"error_kinds\": {", result.completed,
              result.failed());
  const char* separator = "";
  for (std::size_t i = 0; i < kFailureNames.size(); ++i) {
    if (result.failures[i] == 0) continue;
    std::printf("%s\"%s\": %lu", separator, kFailureNames[i].data(), result.failures[i]);
    separator = ", ";
  }
  std::printf("}, \"idle_closes\": %lu, \"body_bytes\": %lu, \"seconds\": %.6f, \"rps\": %.1f, ",
              result.idle_closes, result.body_bytes, seconds,
              static_cast<double>(result.completed) / seconds);
  std::printf("\"handshakes\": %lu, \"resumed\": %lu, \"protection\": \"%s\", ", result.handshakes,
              result.resumed, result.protection.c_str());
  printLatency("latency_us", result.latency);
  std::printf(", ");
  printLatency("late_us", result.late);
  std::printf("}\n");
  std::fflush(stdout);
}

// Waits for the next line of stdin, or its end.
void waitForLine() {
  char letter = 0;
  while (read(STDIN_FILENO, &letter, 1) == 1 && letter != '\n') {
  }
}

int run(int argc, char** argv) {
  Options options(argc, argv);
  const auto settings = takeSettings(options);
  const auto run = takeRun(options);
  const auto warmup = options.takeNumber<std::uint64_t>("warmup", 0);
  const bool hold = options.takeSwitch("hold");
  options.finish();
  raiseFileLimit();
  const auto load = std::make_unique<Load>(settings);
  if (!load->connectAll()) die("not every connection could be opened");
  if (warmup > 0) {
    const auto warm = load->run({.requests = warmup * settings.connections});
    if (warm.failed() > 0) {
      print(warm);
      std::fprintf(stderr, "the warm-up failed\n");
      return 1;
    }
  }
  if (hold) {
    std::printf("ready\n");
    std::fflush(stdout);
    waitForLine();
  }
  const auto result = load->run(run);
  print(result);
  if (hold) waitForLine();
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) { return weir::bench::run(argc, argv); }
