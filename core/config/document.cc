#include "core/config/document.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "core/config/entry.h"
#include "core/config/file_text.h"
#include "core/config/text_position.h"
#include "core/config/toml_parser.h"

namespace weir::config {
namespace {

// Merges the tables of several files.
class Merger {
 public:
  Merger(const Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  // `tables` are in the order of the files.
  Value unite(std::vector<Value> tables, const Path& path) {
    std::vector<std::vector<Member>> groups;  // members with the same key
    std::map<std::string, std::size_t> group_of;
    for (Value& table : tables) {
      for (Member& member : *table.as<Value::Table>()) {
        const auto [at, fresh] = group_of.try_emplace(member.key, groups.size());
        if (fresh) groups.emplace_back();
        groups[at->second].push_back(std::move(member));
      }
    }
    Value::Table united;
    united.reserve(groups.size());
    for (std::vector<Member>& group : groups) united.push_back(uniteGroup(group, path));
    return Value(std::move(united), tables.front().position());
  }

 private:
  Member uniteGroup(std::vector<Member>& group, const Path& parent) {
    Member first = std::move(group.front());
    if (group.size() == 1) return first;
    const Path path{&parent, first.key};
    const auto all = [&](bool (Value::*is)() const) {
      return (first.value.*is)() && std::all_of(group.begin() + 1, group.end(),
                                                [is](const Member& m) { return (m.value.*is)(); });
    };
    if (all(&Value::isTable)) {
      std::vector<Value> tables;
      tables.push_back(std::move(first.value));
      for (auto at = group.begin() + 1; at != group.end(); ++at) {
        tables.push_back(std::move(at->value));
      }
      first.value = unite(std::move(tables), path);
    } else if (all(&Value::isArrayOfTables)) {
      auto& array = *first.value.as<Value::Array>();
      for (auto at = group.begin() + 1; at != group.end(); ++at) {
        std::ranges::move(*at->value.as<Value::Array>(), std::back_inserter(array));
      }
    } else {
      refuse(first, group, path);
    }
    return first;
  }

  void refuse(const Member& first, const std::vector<Member>& group, const Path& path) {
    const std::string what = "already given at " + document_.location(first.position).text();
    for (auto at = group.begin() + 1; at != group.end(); ++at) {
      diagnostics_.add({document_.location(at->position), path.text(), what, {}});
    }
  }

  const Document& document_;
  Diagnostics& diagnostics_;
};

// The *.toml files of a directory in the order of their names, without hidden ones: mounted volumes
// and editors keep their own there.
std::vector<std::string> tomlFilesOf(const std::string& directory, std::error_code& error) {
  std::vector<std::string> files;
  for (auto at = std::filesystem::directory_iterator(directory, error);
       !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    const std::filesystem::path& path = at->path();
    if (path.extension() != ".toml" || path.filename().string().starts_with('.')) continue;
    files.push_back(path.string());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Document Document::load(const std::string& path, Diagnostics& diagnostics) {
  Document document;
  std::error_code error;
  std::vector<Value> tables;
  if (!std::filesystem::is_directory(path, error)) {
    tables.push_back(document.parseFile(path, diagnostics));
  } else {
    for (const std::string& file : tomlFilesOf(path, error)) {
      tables.push_back(document.parseFile(file, diagnostics));
    }
    if (error) document.refuse(path, "cannot be read: " + error.message(), diagnostics);
    if (!error && tables.empty()) document.refuse(path, "has no *.toml file", diagnostics);
  }
  const std::size_t before = diagnostics.size();
  if (tables.size() == 1) document.root_ = std::move(tables.front());
  if (tables.size() > 1) {
    document.root_ = Merger(document, diagnostics).unite(std::move(tables), Path());
  }
  if (diagnostics.size() > before) document.complete_ = false;
  // A file that has been truncated must not take everything away.
  if (document.complete_ && document.root_.as<Value::Table>()->empty()) {
    document.refuse(path, "contains no settings", diagnostics);
  }
  return document;
}

Document Document::parse(std::string_view text, std::string name, Diagnostics& diagnostics) {
  Document document;
  document.root_ = document.parseText(text, std::move(name), diagnostics);
  return document;
}

void Document::noteFile(std::string path) {
  if (std::ranges::find(files_, path) == files_.end()) files_.push_back(std::move(path));
}

Location Document::location(const Position& position) const {
  const bool known = position.file < names_.size();
  return {known ? names_[position.file] : std::string(), position.line, position.column};
}

Location Document::locationInString(const Position& position, std::size_t offset) const {
  if (position.file >= texts_.size()) return location(position);
  return location(positionInString(texts_[position.file], position, offset));
}

Value Document::parseFile(const std::string& path, Diagnostics& diagnostics) {
  noteFile(path);
  const FileText file = readFileText(path);
  if (file.error.empty()) return parseText(file.text, path, diagnostics);
  refuse(path, "cannot be read: " + file.error, diagnostics);
  return Value(Value::Table());
}

Value Document::parseText(std::string_view text, std::string name, Diagnostics& diagnostics) {
  const auto file = static_cast<std::uint32_t>(names_.size());
  names_.push_back(std::move(name));
  texts_.emplace_back(text);
  ParsedToml parsed = parseToml(text, file);
  if (parsed.error) {
    diagnostics.add({location(parsed.error->position), {}, std::move(parsed.error->what), {}});
    complete_ = false;
  }
  expandValues(parsed.table, Path(), diagnostics);
  return std::move(parsed.table);
}

void Document::expandValues(Value& value, const Path& path, Diagnostics& diagnostics) {
  if (auto* table = value.as<Value::Table>()) {
    for (Member& member : *table) expandMember(member, path, diagnostics);
  } else if (auto* array = value.as<Value::Array>()) {
    for (std::size_t index = 0; index < array->size(); ++index) {
      expandValues((*array)[index], {&path, {}, index}, diagnostics);
    }
  } else if (value.as<std::string>() != nullptr) {
    expandText(value, path, diagnostics);
  }
}

void Document::expandMember(Member& member, const Path& path, Diagnostics& diagnostics) {
  const Path inner{&path, member.key};
  if (hasEnvironmentReference(member.key)) {
    diagnostics.add({location(member.position),
                     inner.text(),
                     "a key cannot contain ${env.NAME}; only values can",
                     {}});
  }
  expandValues(member.value, inner, diagnostics);
}

void Document::expandText(Value& value, const Path& path, Diagnostics& diagnostics) {
  auto expanded = expandEnvironment(*value.as<std::string>());
  if (!expanded) return;
  const Position position = value.position();
  for (EnvironmentText::Fault& fault : expanded->faults) {
    diagnostics.add({locationInString(position, fault.offset), path.text(), std::move(fault.what),
                     std::move(fault.suggestion)});
  }
  // Other mistakes in this text are consequences.
  if (!expanded->faults.empty()) return diagnostics.mute(location(position));
  std::string written = *value.as<std::string>();
  value = Value(expanded->text, position);
  expanded_.insert_or_assign(position, Expanded{std::move(written), *std::move(expanded)});
}

const EnvironmentText* Document::fromEnvironment(const Position& position) const {
  const auto found = expanded_.find(position);
  return found == expanded_.end() ? nullptr : &found->second.made;
}

WrittenTexts Document::writtenTexts() const {
  WrittenTexts texts;
  for (const auto& [position, each] : expanded_) {
    if (!each.made.text.empty()) texts.emplace(each.made.text, each.written);
  }
  return texts;
}

void Document::refuse(const std::string& path, std::string what, Diagnostics& diagnostics) {
  diagnostics.add({{path}, {}, std::move(what), {}});
  complete_ = false;
}

}  // namespace weir::config
