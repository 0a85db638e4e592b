#include "core/config/environment.h"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

#include "core/config/suggestion.h"

namespace weir::config {
namespace {

constexpr std::string_view kBegin = "${env.";
constexpr std::string_view kDefaultMark = ":-";

bool isVariableName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::ranges::all_of(name, fits);
}

std::string closestVariable(std::string_view name) {
  std::vector<std::string_view> names;
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view text = *each;
    names.push_back(text.substr(0, text.find('=')));
  }
  const std::string_view closest = closestWord(name, names);
  return closest.empty() ? std::string() : std::string(kBegin) + std::string(closest) + "}";
}

class Expander {
 public:
  explicit Expander(std::string_view written) : written_(written) {}

  EnvironmentText expand() {
    while (at_ < written_.size()) {
      const std::string_view rest = written_.substr(at_);
      if (rest.starts_with(kBegin)) {
        expandReference();
      } else {
        pass(rest.starts_with("$$") ? 2 : std::min(rest.find('$', 1), rest.size()));
      }
    }
    return std::move(made_);
  }

 private:
  void pass(std::size_t bytes) {
    made_.text += written_.substr(at_, bytes);
    at_ += bytes;
  }

  bool fail(std::string what, std::string suggestion = {}) {
    made_.faults.push_back({at_, std::move(what), std::move(suggestion)});
    return false;
  }

  void expandReference() {
    const std::size_t end = written_.find('}', at_);
    if (end == std::string_view::npos) {
      fail("\"${env.\" without \"}\"");
      return pass(written_.size() - at_);
    }
    const std::size_t size = end + 1 - at_;
    const std::string_view inner = written_.substr(at_ + kBegin.size(), size - kBegin.size() - 1);
    if (!appendValue(inner, written_.substr(end + 1))) return pass(size);
    at_ += size;
  }

  // `inner` is "NAME" or "NAME:-default", `after` the text after the reference.
  bool appendValue(std::string_view inner, std::string_view after) {
    const std::size_t mark = inner.find(kDefaultMark);
    const std::string name(inner.substr(0, mark));
    if (!isVariableName(name)) {
      return fail("\"" + name + "\" is not the name of an environment variable");
    }
    const char* const found = std::getenv(name.c_str());
    const bool missing = found == nullptr || *found == '\0';
    if (missing && mark != std::string_view::npos) {
      made_.text += inner.substr(mark + kDefaultMark.size());
      return true;
    }
    if (found == nullptr) {
      return fail("no such environment variable: \"" + name + "\"", closestVariable(name));
    }
    return append(name, found, after);
  }

  // The value must not be read as the syntax of variables afterwards.
  bool append(const std::string& name, std::string_view value, std::string_view after) {
    const bool joins = value.ends_with('$') && (after.starts_with('$') || after.starts_with('{'));
    if (joins || value.find("${") != std::string_view::npos ||
        value.find("$$") != std::string_view::npos) {
      return fail("the value of \"" + name + "\" contains \"${\" or \"$$\"");
    }
    if (at_ == 0 && after.empty()) made_.variable = name;
    made_.text += value;
    return true;
  }

  const std::string_view written_;
  std::size_t at_ = 0;
  EnvironmentText made_;
};

}  // namespace

bool hasEnvironmentReference(std::string_view text) {
  return text.find(kBegin) != std::string_view::npos;
}

std::optional<EnvironmentText> expandEnvironment(std::string_view written) {
  if (!hasEnvironmentReference(written)) return std::nullopt;
  return Expander(written).expand();
}

void restoreWritten(Value& settings, const WrittenTexts& written) {
  if (written.empty()) return;
  if (const auto* text = settings.as<std::string>()) {
    const auto found = written.find(*text);
    if (found != written.end()) settings = Value(found->second, settings.position());
  } else if (auto* table = settings.as<Value::Table>()) {
    for (Member& member : *table) restoreWritten(member.value, written);
  } else if (auto* array = settings.as<Value::Array>()) {
    for (Value& element : *array) restoreWritten(element, written);
  }
}

}  // namespace weir::config
