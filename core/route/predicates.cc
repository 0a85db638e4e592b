#include "core/route/predicates.h"

#include <algorithm>

#include "core/http/query.h"

namespace weir::route {

bool TextMatch::matches(std::optional<std::string_view> value) const {
  if (!value) return kind_ == Kind::kAbsent;
  switch (kind_) {
    case Kind::kExact:
      return *value == text_;
    case Kind::kPrefix:
      return value->starts_with(text_);
    case Kind::kSuffix:
      return value->ends_with(text_);
    case Kind::kContains:
      return value->find(text_) != value->npos;
    case Kind::kRegex:
      return regex_->matches(*value);
    case Kind::kPresent:
      return true;
    case Kind::kAbsent:
      return false;
  }
  return false;
}

std::string TextMatch::toString() const {
  switch (kind_) {
    case Kind::kExact:
      return "is \"" + text_ + "\"";
    case Kind::kPrefix:
      return "begins with \"" + text_ + "\"";
    case Kind::kSuffix:
      return "ends with \"" + text_ + "\"";
    case Kind::kContains:
      return "contains \"" + text_ + "\"";
    case Kind::kRegex:
      return "matches \"" + text_ + "\"";
    case Kind::kPresent:
      return "is present";
    case Kind::kAbsent:
      return "is absent";
  }
  return "";
}

bool Predicates::empty() const {
  return methods == 0 && other_methods.empty() && listeners.empty() && sources.empty() &&
         headers.empty() && query.empty();
}

std::string Predicates::key() const {
  std::vector<std::string> parts = {"methods " + std::to_string(methods)};
  for (const std::string& method : other_methods) parts.push_back("method " + method);
  for (const NameId listener : listeners) parts.push_back("listener " + std::to_string(listener));
  for (const IpRange& range : sources) parts.push_back("source " + range.toString());
  for (const Named& one : headers) parts.push_back("header " + one.name + one.match.toString());
  for (const Named& one : query) parts.push_back("query " + one.name + one.match.toString());
  std::sort(parts.begin(), parts.end());
  std::string key;
  for (const std::string& part : parts) key += part + "\n";
  return key;
}

bool Predicates::allowsMethod(const http::Request& request) const {
  if (methods == 0 && other_methods.empty()) return true;
  if (request.method != http::Method::kOther) {
    return (methods >> static_cast<unsigned>(request.method) & 1U) != 0;
  }
  return std::find(other_methods.begin(), other_methods.end(), request.method_text) !=
         other_methods.end();
}

bool Predicates::allowsSource(const Source& source) const {
  if (sources.empty()) return true;
  return std::any_of(sources.begin(), sources.end(),
                     [&](const IpRange& range) { return range.contains(source.address); });
}

Predicates::Verdict Predicates::check(const http::Request& request, const Source& source) const {
  if (!listeners.empty() &&
      std::find(listeners.begin(), listeners.end(), source.listener) == listeners.end()) {
    return {Part::kListener};
  }
  if (!allowsMethod(request)) return {Part::kMethod};
  if (!allowsSource(source)) return {Part::kSource};
  for (const Named& header : headers) {
    if (!header.match.matches(request.headers.joined(header.name))) {
      return {Part::kHeader, &header};
    }
  }
  for (const Named& parameter : query) {
    auto value = http::findQueryParameter(request.query, parameter.name);
    if (value) value = http::decodeQueryText(*value, request.headers.arena());
    if (!parameter.match.matches(value)) return {Part::kQuery, &parameter};
  }
  return {};
}

namespace {

int narrowest(const std::vector<IpRange>& sources) {
  int widest = 129;  // the widest range determines how narrow the predicate is
  for (const IpRange& range : sources) widest = std::min(widest, range.prefixBits());
  return sources.empty() ? 0 : widest;
}

template <typename T>
int moreFirst(const T& left, const T& right) {
  return left > right ? -1 : static_cast<int>(left < right);
}

}  // namespace

int comparePredicates(const Predicates& left, const Predicates& right) {
  const auto has_methods = [](const Predicates& p) {
    return p.methods != 0 || !p.other_methods.empty();
  };
  if (const int order = moreFirst(has_methods(left), has_methods(right))) return order;
  if (const int order = moreFirst(left.headers.size(), right.headers.size())) return order;
  if (const int order = moreFirst(left.query.size(), right.query.size())) return order;
  if (const int order = moreFirst(narrowest(left.sources), narrowest(right.sources))) return order;
  return moreFirst(!left.listeners.empty(), !right.listeners.empty());
}

}  // namespace weir::route
