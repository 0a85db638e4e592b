#include "gateway/auth/api_key/key_table.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "core/base/check.h"
#include "core/base/short_text.h"
#include "core/base/utc_time.h"
#include "core/tls/digest.h"
#include "gateway/auth/authn.h"

namespace weir::gateway::api_key {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t kShortestLine = 72;  // a digest and two names
constexpr std::size_t kFirstSlots = 16;

// Where the search for a digest begins. Digests are evenly distributed.
std::uint64_t placeOf(const Digest& digest) { return loadWord<std::uint64_t>(digest.data()); }

// Takes the same time wherever they differ.
bool isSame(const Digest& one, const Digest& other) {
  std::uint64_t difference = 0;
  for (std::size_t i = 0; i < one.size(); i += sizeof(difference)) {
    difference |=
        loadWord<std::uint64_t>(one.data() + i) ^ loadWord<std::uint64_t>(other.data() + i);
  }
  return difference == 0;
}

int valueOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool decodeHex(std::string_view hex, Digest& digest) {
  if (hex.size() != 2 * digest.size()) return false;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = valueOf(hex[2 * i]);
    const int low = valueOf(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    digest[i] = static_cast<char>(16 * high + low);
  }
  return true;
}

// The next word of the rest of a line; empty: there is none.
std::string_view nextWord(std::string_view& rest) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  const auto begin = std::ranges::find_if_not(rest, blank);
  const auto end = std::find_if(begin, rest.end(), blank);
  const std::string_view word(begin, end);
  rest = std::string_view(end, rest.end());
  return word;
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

}  // namespace

Digest digestOf(std::string_view key) {
  Digest digest;
  tls::sha256({key.data(), key.size()}, std::span<char, 32>(digest));
  return digest;
}

std::string KeyLine::parse(std::string_view text) {
  id = nextWord(text);
  const std::string_view hash = nextWord(text);
  consumer = nextWord(text);
  if (!hash.starts_with(kDigestPrefix)) return "needs an id and sha256:DIGEST";
  if (!decodeHex(hash.substr(kDigestPrefix.size()), digest)) {
    return "the digest is not 64 hexadecimal digits";
  }
  if (consumer.empty() || consumer.find('=') != std::string_view::npos) return "has no consumer";
  if (!authn::isQuotable(id)) return "the id is not plain text";
  if (!authn::isQuotable(consumer)) return "the consumer is not plain text";
  while (true) {
    const std::string_view word = nextWord(text);
    if (word.empty()) return {};
    std::string what = parseAttribute(word);
    if (!what.empty()) return what;
  }
}

std::string KeyLine::parseAttribute(std::string_view word) {
  constexpr std::string_view kLabel = "label.";
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  if (equals == std::string_view::npos) return quoted(name) + " has no value";
  if (name == "scopes") return parseScopes(word.substr(equals + 1));
  if (name == "expires") return parseExpiry(word.substr(equals + 1));
  if (name.starts_with(kLabel)) return parseLabel(word.substr(kLabel.size()));
  return quoted(name) + " is unknown: there are scopes=, expires= and label.NAME=";
}

std::string KeyLine::parseScopes(std::string_view list) {
  if (!scopes.empty()) return "has scopes= twice";
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view scope = list.substr(0, comma);
    if (!authn::isScope(scope)) return quoted(scope) + " is not a scope";
    if (!scopes.empty()) scopes += ' ';
    scopes += scope;
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

std::string KeyLine::parseExpiry(std::string_view text) {
  if (expires != 0) return "has expires= twice";
  const auto time = UtcTime::parse(text);
  if (!time) return "expires= is not a time such as 2027-01-31T00:00:00Z";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time->since_epoch).count();
  if (seconds < 1 || seconds > std::numeric_limits<std::uint32_t>::max()) {
    return "expires= is not a time between 1970 and 2106";
  }
  expires = static_cast<std::uint32_t>(seconds);
  return {};
}

std::string KeyLine::parseLabel(std::string_view label) {
  const std::string_view name = label.substr(0, label.find('='));
  if (name.empty() || !authn::isQuotable(label)) return "has a label that is not plain text";
  const std::string line(label.substr(0, name.size() + 1));
  if (labels.starts_with(line) || labels.find('\n' + line) != std::string::npos) {
    return "has the label " + quoted(name) + " twice";
  }
  labels += label;
  labels += '\n';
  return {};
}

std::uint32_t KeyTable::slotOf(const Digest& digest) const {
  const std::uint64_t mask = slots_.size() - 1;
  std::uint64_t at = placeOf(digest) & mask;
  while (slots_[at] != 0 && !isSame(entries_[slots_[at] - 1].digest, digest)) at = (at + 1) & mask;
  return static_cast<std::uint32_t>(at);
}

std::optional<KeyFacts> KeyTable::find(const Digest& digest) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t number = slots_[slotOf(digest)];
  if (number == 0) return std::nullopt;
  return factsOf(entries_[number - 1]);
}

KeyFacts KeyTable::factsOf(const Entry& entry) const {
  std::string_view rest = texts_;
  rest.remove_prefix(entry.texts);
  const auto next = [&rest] {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(text.size() + 1);
    return text;
  };
  KeyFacts facts;
  facts.id = next();
  facts.consumer = next();
  facts.scopes = next();
  facts.labels = next();
  facts.expires = std::chrono::seconds(entry.expires);
  return facts;
}

bool KeyTable::add(Entry entry) {
  if (2 * (entries_.size() + 1) > slots_.size()) grow();
  std::uint32_t& slot = slots_[slotOf(entry.digest)];
  if (slot != 0) return false;
  entries_.push_back(entry);
  slot = static_cast<std::uint32_t>(entries_.size());
  return true;
}

void KeyTable::grow() {
  slots_ = std::vector<std::uint32_t>(std::max(kFirstSlots, 2 * slots_.size()));
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    slots_[slotOf(entries_[i].digest)] = static_cast<std::uint32_t>(i + 1);
  }
}

// Memory that is reserved but not used costs nothing, while memory that grows is copied.
KeyTableBuilder::KeyTableBuilder(std::size_t bytes) : table_(std::make_unique<KeyTable>()) {
  table_->entries_.reserve(std::min(bytes / kShortestLine, LineCutter::kMostLines));
  table_->texts_.reserve(std::min(bytes, LineCutter::kMostLines * LineCutter::kMostBytes));
}

std::string KeyTableBuilder::add(std::string_view text) {
  KeyLine line;
  std::string what = line.parse(text);
  if (!what.empty()) return what;
  std::string& texts = table_->texts_;
  const std::size_t begin = texts.size();
  static_assert(LineCutter::kMostLines * LineCutter::kMostBytes <=
                std::numeric_limits<std::uint32_t>::max());
  if (!table_->add({line.digest, static_cast<std::uint32_t>(begin), line.expires})) {
    const auto first = table_->find(line.digest);
    return "is the same key as " + quoted(first->id);
  }
  const std::array<std::string_view, 4> parts = {line.id, line.consumer, line.scopes, line.labels};
  for (const std::string_view part : parts) {
    texts += part;
    texts += '\0';
  }
  return {};
}

std::shared_ptr<const KeyTable> KeyTableBuilder::finish() { return std::move(table_); }

FileContent<KeyTable> KeyTable::read(const std::string& path) {
  KeyTableBuilder builder(sizeOfFile(path));
  FileContent<KeyTable> content;
  content.faults = readLines(path, [&](std::string_view line) { return builder.add(line); });
  if (content.faults.empty()) content.table = builder.finish();
  return content;
}

}  // namespace weir::gateway::api_key
