#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/config/diagnostics.h"
#include "core/config/file_text.h"
#include "core/config/toml_format.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/fresh_file.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPermissions = 07777;

// The *.toml files of a directory, or the path itself.
std::vector<std::string> filesAt(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (auto at = fs::directory_iterator(path, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const fs::path& file = at->path();
    if (file.extension() == ".toml" && !file.filename().string().starts_with('.')) {
      files.push_back(file.string());
    }
  }
  std::ranges::sort(files);
  return files;
}

int complain(const config::Location& location, const std::string& what) {
  std::fprintf(stderr, "%s\n", config::Diagnostic{location, {}, what, {}}.text().c_str());
  return kBadUsage;
}

class FmtCommand final : public Command {
 public:
  explicit FmtCommand(CLI::App& app)
      : Command(app.add_subcommand("fmt", "Format TOML files; values and comments remain")) {
    declaration()
        .add_option("path", paths_,
                    "Files, or directories of *.toml files; - formats standard input")
        ->type_name(kPath)
        ->required();
    declaration().add_flag("--check", check_,
                           "Change nothing; list files that are not formatted. Exit code 1 if any");
  }

  int run() override {
    int result = kDone;
    for (const std::string& path : paths_) {
      if (path == "-") {
        result = std::max(result, formatInput());
        continue;
      }
      for (const std::string& file : filesAt(path)) result = std::max(result, formatFile(file));
    }
    return result;
  }

 private:
  static int refuse(const std::string& name, const config::SyntaxError& error) {
    return complain({name, error.position.line, error.position.column}, error.what);
  }

  int formatInput() const {
    std::string text;
    std::array<char, 4096> buffer{};
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
      text.append(buffer.data(), size);
    }
    const config::FormattedToml formatted = config::formatToml(text);
    if (formatted.error) return refuse("-", *formatted.error);
    if (check_) return formatted.text == text ? kDone : kFailed;
    print(formatted.text);
    return kDone;
  }

  int formatFile(const std::string& name) const {
    const config::FileText file = config::readFileText(name);
    if (!file.error.empty()) return complain({name, 0, 0}, file.error);
    const config::FormattedToml formatted = config::formatToml(file.text);
    if (formatted.error) return refuse(name, *formatted.error);
    if (formatted.text == file.text) return kDone;
    std::printf("%s\n", name.c_str());
    return check_ || !replace(name, formatted.text) ? kFailed : kDone;
  }

  // A link remains, and its target is replaced.
  static bool replace(const std::string& name, const std::string& text) {
    std::error_code error;
    const fs::path target = fs::canonical(name, error);
    struct stat found {};
    if (error || ::stat(target.c_str(), &found) != 0) {
      std::fprintf(stderr, "weir: %s: cannot be replaced\n", name.c_str());
      return false;
    }
    FreshFile fresh(target.string());
    return fresh.write(text, found.st_mode & kPermissions) && fresh.replace();
  }

  std::vector<std::string> paths_;
  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> addFmt(CLI::App& app) { return std::make_unique<FmtCommand>(app); }

}  // namespace weir
