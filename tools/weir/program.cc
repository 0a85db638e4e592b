#include "tools/weir/program.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/event/system_error.h"

namespace weir {
namespace {

constexpr std::array kFolders = {"/usr/sbin/", "/sbin/", "/usr/local/sbin/", "/usr/bin/", "/bin/"};

// A descriptor that is closed with this object.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }

 private:
  const int value_;
};

// A file in memory, closed in every program that is started.
int memoryFile(const char* name) { return ::memfd_create(name, MFD_CLOEXEC); }

bool fillFile(int descriptor, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const auto count = ::write(descriptor, text.data() + written, text.size() - written);
    if (count <= 0) return false;
    written += static_cast<std::size_t>(count);
  }
  return ::lseek(descriptor, 0, SEEK_SET) == 0;
}

std::string contentOf(int descriptor) {
  std::string text;
  std::array<char, 4096> piece{};
  if (::lseek(descriptor, 0, SEEK_SET) != 0) return text;
  while (true) {
    const auto count = ::read(descriptor, piece.data(), piece.size());
    if (count <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

// Starts the program; 0, or the error number.
int start(const std::string& path, std::vector<char*> arguments, int input, int output,
          pid_t& started) {
  posix_spawn_file_actions_t actions;
  if (const int failure = ::posix_spawn_file_actions_init(&actions); failure != 0) return failure;
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  char* no_environment[] = {nullptr};
  const int failure =
      ::posix_spawn(&started, path.c_str(), &actions, nullptr, arguments.data(), no_environment);
  ::posix_spawn_file_actions_destroy(&actions);
  return failure;
}

int exitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string systemProgram(const std::string& name) {
  for (const char* folder : kFolders) {
    std::string path = folder + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

// Files instead of pipes: neither side waits for the other.
Result<ProgramResult> runProgram(const std::string& path, const std::vector<std::string>& arguments,
                                 const std::string& input) {
  const Descriptor in(memoryFile("input"));
  const Descriptor out(memoryFile("output"));
  if (in.get() < 0 || out.get() < 0 || !fillFile(in.get(), input)) return event::errorOf(-errno);
  std::vector<char*> words{const_cast<char*>(path.c_str())};
  for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  pid_t started = 0;
  if (const int failure = start(path, std::move(words), in.get(), out.get(), started);
      failure != 0) {
    return event::errorOf(-failure);
  }
  int status = 0;
  while (::waitpid(started, &status, 0) < 0) {
    if (errno != EINTR) return event::errorOf(-errno);
  }
  return ProgramResult{exitCode(status), contentOf(out.get())};
}

}  // namespace weir
