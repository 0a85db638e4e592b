#include "gateway/auth/line_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

struct CloseLineFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

LineFault faultOf(int error) { return {0, std::generic_category().message(error)}; }

}  // namespace

std::string LineFault::text(std::string_view path) const {
  std::string text(path);
  if (line > 0) text += ":" + std::to_string(line);
  return text + ": " + what;
}

void LineCutter::feed(std::string_view piece) {
  while (!stopped_ && !piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (end == std::string_view::npos) return keep(part);
    piece.remove_prefix(end + 1);
    if (rest_.empty()) {
      take(part);
    } else {
      keep(part);
      take(rest_);
      rest_.clear();
    }
  }
}

void LineCutter::finish() {
  if (!stopped_ && !rest_.empty()) take(rest_);
  rest_.clear();
}

// One byte more than a line may have shows that it is too long.
void LineCutter::keep(std::string_view part) {
  rest_ += part.substr(0, kMostBytes + 1 - std::min(rest_.size(), kMostBytes + 1));
}

void LineCutter::take(std::string_view line) {
  ++number_;
  if (line.size() > kMostBytes) return fail("is longer than 4096 bytes");
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = http::trimmed(line);
  if (line.empty() || line.front() == '#') return;
  if (++taken_ > kMostLines) {
    stopped_ = true;
    return fail("the file has more than a million lines");
  }
  std::string what = add_(line);
  if (!what.empty()) fail(std::move(what));
}

void LineCutter::fail(std::string what) {
  faults_.push_back({number_, std::move(what)});
  if (faults_.size() == kMostFaults) stopped_ = true;
}

std::vector<LineFault> readLines(const std::string& path, const LineCutter::Add& add) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error) return {{0, error.message()}};
  if (!std::filesystem::is_regular_file(status)) return {{0, "not a regular file"}};
  const std::unique_ptr<std::FILE, CloseLineFile> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) return {faultOf(errno)};
  LineCutter lines(add);
  const auto piece = std::make_unique<char[]>(kPiece);
  while (!lines.stopped()) {
    const std::size_t size = std::fread(piece.get(), 1, kPiece, file.get());
    if (size == 0) break;
    lines.feed({piece.get(), size});
  }
  if (std::ferror(file.get()) != 0) return {faultOf(errno)};
  lines.finish();
  return lines.faults();
}

std::size_t sizeOfFile(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::size_t>(size);
}

FilePrint printOf(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino),
          found.st_size, found.st_ctim.tv_sec, found.st_ctim.tv_nsec};
}

void report(const std::vector<LineFault>& faults, const std::string& path,
            const std::string& setting, config::Diagnostics& diagnostics) {
  for (const LineFault& fault : faults) {
    diagnostics.add({{path, static_cast<std::uint32_t>(fault.line), fault.line > 0 ? 1U : 0U},
                     setting,
                     fault.what,
                     {}});
  }
}

}  // namespace weir::gateway
