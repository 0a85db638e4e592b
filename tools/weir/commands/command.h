#pragma once

#include <memory>
#include <string_view>

#include "tools/weir/exit_code.h"

namespace CLI {  // NOLINT(readability-identifier-naming): of the library
class App;
}

namespace weir {

// A command of the command line. Its constructor declares name, options and meaning to CLI11, from
// which the help, the completions and the manual page are made as well; its members are the values.
class Command {
 public:
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  bool parsed() const;
  virtual int run() = 0;  // returns the exit code of the process

 protected:
  explicit Command(CLI::App* declaration) : declaration_(declaration) {}
  CLI::App& declaration() { return *declaration_; }

 private:
  CLI::App* declaration_;
};

// The type name of options that are files or directories.
inline constexpr const char* kPath = "PATH";

// All of `text` to standard output.
void print(std::string_view text);

// Each adds a command to the program and is defined in a file of its own.
std::unique_ptr<Command> addRun(CLI::App& app);
std::unique_ptr<Command> addProxy(CLI::App& app);
std::unique_ptr<Command> addInit(CLI::App& app);
std::unique_ptr<Command> addCheck(CLI::App& app);
std::unique_ptr<Command> addFmt(CLI::App& app);
std::unique_ptr<Command> addSchema(CLI::App& app);
std::unique_ptr<Command> addDocs(CLI::App& app);
std::unique_ptr<Command> addCa(CLI::App& app);
std::unique_ptr<Command> addKey(CLI::App& app);
std::unique_ptr<Command> addExplain(CLI::App& app);
std::unique_ptr<Command> addIntercept(CLI::App& app);
std::unique_ptr<Command> addTap(CLI::App& app);
std::unique_ptr<Command> addTop(CLI::App& app);
std::unique_ptr<Command> addCompletion(CLI::App& app);
std::unique_ptr<Command> addMan(CLI::App& app);
std::unique_ptr<Command> addVersion(CLI::App& app);

}  // namespace weir
