#include "core/config/file_text.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace weir::config {
namespace {

constexpr std::uintmax_t kLargestFile = 256ULL << 20U;  // bytes

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string systemError() { return std::generic_category().message(errno); }

}  // namespace

FileText readFileText(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error) return {{}, error.message()};
  if (!std::filesystem::is_regular_file(status)) return {{}, "not a regular file"};
  if (std::filesystem::file_size(path, error) > kLargestFile) return {{}, "too large"};
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) return {{}, systemError()};
  FileText result;
  char piece[65536];
  while (const std::size_t count = std::fread(piece, 1, sizeof(piece), file.get())) {
    result.text.append(piece, count);
  }
  if (std::ferror(file.get()) != 0) return {{}, systemError()};
  return result;
}

std::string pathBeside(const std::string& from, const std::string& path) {
  return (std::filesystem::path(from).parent_path() / path).lexically_normal().string();
}

}  // namespace weir::config
