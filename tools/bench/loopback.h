#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>

// Shared by the small programs of the benchmark: IPv4 sockets, epoll and the clock. A benchmark
// without its sockets has no result, so every failure here ends the process with one line on
// stderr.
namespace weir::bench {

[[noreturn]] void die(std::string_view what);

// Parses "127.0.0.1:8080".
sockaddr_in parseAddress(std::string_view text);

// A non-blocking listening socket with SO_REUSEADDR.
int listenOn(const sockaddr_in& address);

// Accepts one connection, non-blocking and with TCP_NODELAY; -1 if none is waiting.
int acceptOne(int listener);

// Begins a non-blocking connect; -1 if it fails at once. The socket is writable when connected.
int beginConnect(const sockaddr_in& to);

// Connects and returns a non-blocking socket; -1 if refused.
int connectNow(const sockaddr_in& to);

int makeEpoll();
void watch(int epoll, int operation, int fd, std::uint32_t events);

// Raises the limit of open files to the hard limit.
void raiseFileLimit();

std::uint64_t nowNanoseconds();

}  // namespace weir::bench
