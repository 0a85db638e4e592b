#include "gateway/transform/json/changes.h"

#include <optional>

#include "core/base/plain_text.h"
#include "core/route/header_rules.h"
#include "gateway/transform/json/text.h"

namespace weir::gateway::json {
namespace {

constexpr std::size_t kMaxChanges = 64;  // of each kind

constexpr config::Limits kSome = {.max_size = kMaxChanges};

std::vector<Pointer> pointersOf(const std::vector<std::string>& texts, config::Table& table,
                                std::string_view key) {
  std::vector<Pointer> pointers;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::string why;
    auto pointer = Pointer::parse(texts[i], true, why);
    if (pointer && pointer->tokens().empty()) why = "is the whole body";
    why.empty() ? pointers.push_back(*std::move(pointer)) : table.failElement(key, i, why);
  }
  return pointers;
}

std::optional<Pointer> pointerOf(std::string_view text, bool several, config::Table& table,
                                 std::string_view key) {
  std::string why;
  auto pointer = Pointer::parse(text, several, why);
  if (!pointer) table.fail(key, "\"" + std::string(text) + "\": " + why);
  return pointer;
}

// Types that JSON does not have.
bool hasJsonForm(const expr::Type& type) {
  return type.kind() != expr::Kind::kBytes && type.kind() != expr::Kind::kDuration &&
         type.kind() != expr::Kind::kTimestamp;
}

std::vector<Pointer> placesOf(const Changes::Values& values, config::Table& table,
                              std::string_view key) {
  std::vector<Pointer> pointers;
  for (const auto& [place, value] : values) {
    if (auto pointer = pointerOf(place, false, table, key)) pointers.push_back(*std::move(pointer));
    if (value.given() && !hasJsonForm(value.program().type())) {
      table.fail(key, "\"" + place + "\": JSON has no " + value.program().type().text() +
                          "; string() makes a text of most values");
    }
  }
  return pointers;
}

void noteFault(Outcome& outcome, expr::Fault fault) {
  const std::string_view text = textOf(fault);
  if (fault == expr::Fault::kLimit) {
    outcome.over_limit = text;
    return;
  }
  ++outcome.dropped;
  if (outcome.failed.empty()) outcome.failed = text;
}

// The values of a list of changes; nothing where an expression has none.
using Contents = std::vector<std::optional<Content>>;

Contents evaluateAll(const Changes::Values& values, Work& work, Outcome& outcome) {
  Contents contents;
  std::string text;
  for (const auto& [place, expression] : values) {
    std::optional<Content>& content = contents.emplace_back();
    if (!outcome.over_limit.empty()) continue;
    const expr::Value value = expression.program().evaluate(work.facts, work.budget);
    if (const NodeId node = work.values.nodeOf(value); node != kNoNode) {
      content = Content{.node = node};
      continue;
    }
    text.clear();
    const auto fault = appendValue(text, value, work.values, Changes::mostOutput(work.document));
    if (fault) {
      noteFault(outcome, *fault);
    } else {
      content = Content{.text = work.arena.copy(text)};
    }
  }
  return contents;
}

void putAll(Tree& tree, const std::vector<Pointer>& places, const Contents& contents, Tree::How how,
            Outcome& outcome) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!contents[i] || tree.put(places[i], *contents[i], how)) continue;
    ++outcome.dropped;
    if (outcome.failed.empty()) outcome.failed = "a place for a value does not exist";
  }
}

// Texts, numbers and booleans can be the value of a header.
std::optional<std::string_view> headerTextOf(const expr::Value& value, Work& work) {
  if (value.kind() == expr::Kind::kString) return value.text();
  if (value.kind() == expr::Kind::kBool) return value.isTrue() ? "true" : "false";
  if (!value.isNumber()) return std::nullopt;
  if (const NodeId node = work.values.nodeOf(value); node != kNoNode) {
    return work.document.textOf(node);
  }
  std::string text;
  if (appendValue(text, value, work.values, Changes::kMaxHeader)) return std::nullopt;
  return work.arena.copy(text);
}

}  // namespace

void Changes::readInto(config::Table& table, Changes& out) {
  table.read("keep", out.keep_,
             "JSON pointers to the values that are kept; all others are removed. `*` stands for "
             "all elements of an array: `/users/*/name`.",
             kSome);
  table.read("remove", out.remove_, "JSON pointers to values that are removed. `*` as in `keep`.",
             kSome);
  table.read("rename", out.rename_,
             "JSON pointers to members, and their new names. `*` as in `keep`.", kSome);
  table.read("copy", out.copy_,
             "JSON pointers to places, and pointers to the values that are copied there: "
             "`{ \"/to\" = \"/from\" }`.",
             kSome);
  table.read("default", out.default_,
             "JSON pointers, and expressions for the values that are set there if there is none.",
             kSome);
  table.read("set", out.set_,
             "JSON pointers, and expressions for the values that are set there. `-` as the last "
             "part stands for the end of an array.",
             kSome);
  table.read("add", out.add_,
             "JSON pointers, and expressions as in `set`; in an array, the value is inserted "
             "before the element.",
             kSome);
  table.read("headers", out.headers_,
             "Headers, and expressions for their values: texts, numbers or booleans. Such a header "
             "of the message is replaced, or removed if the expression has no value.",
             kSome);
  out.compile(table);
}

void Changes::compile(config::Table& table) {
  kept_ = pointersOf(keep_, table, "keep");
  removed_ = pointersOf(remove_, table, "remove");
  defaults_ = placesOf(default_, table, "default");
  sets_ = placesOf(set_, table, "set");
  adds_ = placesOf(add_, table, "add");
  renamed_.clear();
  copied_.clear();
  copied_from_.clear();
  for (const auto& [place, name] : rename_) {
    if (auto at = pointerOf(place, true, table, "rename")) renamed_.push_back(*std::move(at));
    if (!isUtf8(name)) table.fail("rename", "a name is not UTF-8");
  }
  for (const auto& [to, from] : copy_) {
    auto target = pointerOf(to, false, table, "copy");
    auto source = pointerOf(from, false, table, "copy");
    if (target) copied_.push_back(*std::move(target));
    if (source) copied_from_.push_back(*std::move(source));
  }
  for (const auto& [name, value] : headers_) {
    std::string why;
    if (!route::isChangeableHeader(name, why)) table.fail("headers", why);
  }
  places_ = kept_.size() + removed_.size() + renamed_.size() + copied_.size() + defaults_.size() +
            sets_.size() + adds_.size();
}

Outcome Changes::apply(Work& work, std::string& out) const {
  Outcome outcome;
  const Contents defaults = evaluateAll(default_, work, outcome);
  const Contents sets = evaluateAll(set_, work, outcome);
  const Contents adds = evaluateAll(add_, work, outcome);
  if (!outcome.over_limit.empty()) return outcome;
  Contents copies;
  for (const Pointer& from : copied_from_) {
    const NodeId node = work.document.find(from);
    std::optional<Content>& copy = copies.emplace_back();
    if (node != kNoNode) copy = Content{.node = node};
  }
  Tree tree(work.document, work.arena, work.budget.steps);
  if (!kept_.empty()) tree.keep(kept_);
  for (const Pointer& each : removed_) tree.remove(each);
  for (std::size_t i = 0; i < renamed_.size(); ++i) tree.rename(renamed_[i], rename_[i].second);
  putAll(tree, copied_, copies, Tree::How::kSet, outcome);
  putAll(tree, defaults_, defaults, Tree::How::kDefault, outcome);
  putAll(tree, sets_, sets, Tree::How::kSet, outcome);
  putAll(tree, adds_, adds, Tree::How::kAdd, outcome);
  if (tree.exhausted()) {
    outcome.over_limit = "too much work";
  } else if (tree.changed() && !tree.write(out, mostOutput(work.document))) {
    outcome.over_limit = "the new body is too large";
  }
  outcome.changed = tree.changed() && outcome.over_limit.empty();
  return outcome;
}

std::vector<BodyHeader> Changes::headerValues(Work& work, Arena& keep, Outcome& outcome) const {
  std::vector<BodyHeader> all;
  for (const auto& [name, expression] : headers_) {
    BodyHeader& header = all.emplace_back(BodyHeader{name, std::nullopt});
    const expr::Value value = expression.program().evaluate(work.facts, work.budget);
    if (value.isFault() && value.fault() == expr::Fault::kLimit) noteFault(outcome, value.fault());
    const auto text = headerTextOf(value, work);
    if (text && text->size() <= kMaxHeader && isFieldText(*text)) {
      header.value = keep.copy(*text);
    } else if (!value.isFault()) {
      noteFault(outcome, expr::Fault::kType);
    }
  }
  return all;
}

}  // namespace weir::gateway::json
