#include "tools/weir/keys.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>

#include "core/base/base64url.h"
#include "core/tls/digest.h"
#include "gateway/auth/api_key/key_table.h"

namespace weir {
namespace {

constexpr int kMade = 0;
constexpr int kNotMade = 1;
constexpr int kBadOptions = 2;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kIdDigits = 8;  // of the digest in an id
constexpr std::size_t kLongestKey = 4096;

struct CloseKeyFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string digestText(std::string_view key) {
  return tls::hexOf(tls::sha256({key.data(), key.size()}));
}

std::string lineFor(const KeyOptions& options, const std::string& digest) {
  std::string line =
      options.id.empty() ? options.consumer + "-" + digest.substr(0, kIdDigits) : options.id;
  line += " sha256:" + digest + " " + options.consumer;
  if (!options.scopes.empty()) line += " scopes=" + options.scopes;
  if (!options.expires.empty()) line += " expires=" + options.expires;
  for (const std::string& label : options.labels) line += " label." + label;
  return line;
}

int explainFile(const std::string& path) {
  std::fprintf(stderr, "%s: %s\n", path.c_str(), std::generic_category().message(errno).c_str());
  return kNotMade;
}

// Adds a line, also to a file whose last line is not complete.
int addLine(const std::string& path, const std::string& line) {
  const std::unique_ptr<std::FILE, CloseKeyFile> file(std::fopen(path.c_str(), "a+e"));
  if (file == nullptr) return explainFile(path);
  const bool complete = std::fseek(file.get(), -1, SEEK_END) != 0 || std::fgetc(file.get()) == '\n';
  const std::string text = (complete ? "" : "\n") + line + "\n";
  std::fseek(file.get(), 0, SEEK_END);
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (!written || std::fflush(file.get()) != 0) return explainFile(path);
  return kMade;
}

}  // namespace

int makeKey(const KeyOptions& options) {
  std::string key = "weir_";
  const std::string secret = tls::secretBytes(kSecretBytes);
  appendBase64Url({secret.data(), secret.size()}, key);
  const std::string line = lineFor(options, digestText(key));
  gateway::api_key::KeyLine parsed;
  std::string what = parsed.parse(line);
  if (what.empty() && parsed.consumer != options.consumer) what = "the consumer is not one word";
  if (!what.empty()) {
    std::fprintf(stderr, "the key %s\n", what.c_str());
    return kBadOptions;
  }
  if (!options.file.empty()) {
    const int result = addLine(options.file, line);
    if (result != kMade) return result;
    std::printf("%s\n", key.c_str());
    return kMade;
  }
  std::printf("%s\n%s\n", key.c_str(), line.c_str());
  return kMade;
}

int hashKey() {
  std::string key(kLongestKey, '\0');
  key.resize(std::fread(key.data(), 1, key.size(), stdin));
  while (key.ends_with('\n') || key.ends_with('\r')) key.pop_back();
  if (key.empty() || key.find('\n') != std::string::npos) {
    std::fputs("standard input is not one key\n", stderr);
    return kBadOptions;
  }
  std::printf("sha256:%s\n", digestText(key).c_str());
  return kMade;
}

}  // namespace weir
