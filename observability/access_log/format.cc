#include "observability/access_log/format.h"

#include <algorithm>
#include <utility>

namespace weir::access_log {
namespace {

// Removes a field "${...}" from the front. On an error, removes the whole text and sets `why`.
std::optional<FieldUse> takeField(std::string_view& source, std::string& why) {
  const std::string_view rest = std::exchange(source, {});
  const std::size_t end = rest.find('}');
  if (!rest.starts_with("${") || end == std::string_view::npos) {
    why = "a $ begins neither ${...} nor $$";
    return std::nullopt;
  }
  source = rest.substr(end + 1);
  return fieldNamed(rest.substr(2, end - 2), why);
}

}  // namespace

Format Format::json(const std::vector<FieldUse>& fields) {
  Format format(Escape::kJson);
  for (const FieldUse& use : fields) {
    format.pieces_.push_back({",\"" + jsonKey(use) + (isText(use.field) ? "\":\"" : "\":"), use});
  }
  return format;
}

std::optional<Format> Format::compile(std::string_view source, std::string& why) {
  Format format(Escape::kPlain);
  std::string literal;
  why.clear();
  if (source.size() > kMaxTemplate) why = "the template is too long";
  if (source.find_first_of("\r\n") != std::string_view::npos) why = "contains a line break";
  while (why.empty() && !source.empty()) {
    const std::size_t dollar = source.find('$');
    literal += source.substr(0, dollar);
    source.remove_prefix(std::min(dollar, source.size()));
    if (source.empty()) break;
    if (source.starts_with("$$")) {
      literal += '$';
      source.remove_prefix(2);
    } else if (const auto use = takeField(source, why)) {
      format.pieces_.push_back({std::exchange(literal, {}), *use});
    }
  }
  if (why.empty() && format.pieces_.size() > kMaxFields) why = "there are too many fields";
  if (!why.empty()) return std::nullopt;
  format.tail_ = std::move(literal);
  return format;
}

std::size_t Format::write(const http::ExchangeRecord& record, Redaction redaction,
                          std::span<char> room, std::size_t value_limit) const {
  Line line(room, value_limit, escape_);
  if (escape_ == Escape::kJson) {
    writeJson(record, redaction, line);
  } else {
    writePlain(record, redaction, line);
  }
  line.raw("\n");
  return line.overflowed() ? 0 : line.size();
}

void Format::writeJson(const http::ExchangeRecord& record, Redaction redaction, Line& line) const {
  line.raw("{");
  std::size_t comma = 1;  // omitted before the first field
  for (const Piece& piece : pieces_) {
    const std::string_view before = std::string_view{piece.literal}.substr(comma);
    if (!writeField(piece.use, record, redaction, before, line)) continue;
    comma = 0;
    if (isText(piece.use.field)) line.raw("\"");
  }
  line.raw("}");
}

void Format::writePlain(const http::ExchangeRecord& record, Redaction redaction, Line& line) const {
  for (const Piece& piece : pieces_) {
    if (writeField(piece.use, record, redaction, piece.literal, line)) continue;
    line.raw(piece.literal);
    line.raw("-");
  }
  line.raw(tail_);
}

}  // namespace weir::access_log
