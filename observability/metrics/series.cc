#include "observability/metrics/series.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace weir::metrics {
namespace {

std::size_t valueCount(const MetricFamily& family) {
  return family.type == MetricType::kHistogram ? Histogram::kCells : 1;
}

// Labels whose values may be removed by a reload.
constexpr std::string_view kNamesOfConfiguration[] = {"route", "upstream", "listener", "cert"};

std::optional<NameId> nameIn(const MetricLabel& label, MetricKey key) {
  if (label.part == KeyPart::kNameA) return key.names().a;
  if (label.part == KeyPart::kNameB) return key.names().b;
  if (label.part == KeyPart::kNameC) return key.names().c;
  return std::nullopt;
}

std::string_view nameText(NameId id, const NameTable& names) {
  return id < names.size() ? names.name(id) : kOtherLabel;
}

// Escapes backslash, quote and line end, as the text format 0.0.4 requires.
void appendEscaped(std::string_view value, std::string& out) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

}  // namespace

std::string_view labelText(const MetricLabel& label, MetricKey key, const NameTable& names) {
  switch (label.part) {
    case KeyPart::kNameA:
      return nameText(key.names().a, names);
    case KeyPart::kNameB:
      return nameText(key.names().b, names);
    case KeyPart::kNameC:
      return nameText(key.names().c, names);
    case KeyPart::kCode:
      return label.word(key.fields().code);
    case KeyPart::kFirst:
      return label.word(key.fields().first);
    case KeyPart::kSecond:
      return label.word(key.fields().second);
    case KeyPart::kSecondLow:
      return label.word(key.fields().second & ((1U << kSecondLowBits) - 1));
    case KeyPart::kSecondHigh:
      return label.word(key.fields().second >> kSecondLowBits);
  }
  return kOtherLabel;
}

std::size_t SeriesTable::Hash::operator()(const MetricKey& key) const {
  const std::uint64_t mixed =
      (key.low() ^ (key.high() * 0x9e3779b97f4a7c15U)) * 0xff51afd7ed558ccdU;
  return mixed ^ (mixed >> 32);
}

SeriesTable::SeriesTable(const NameTable& names, const MetricFamilies& families,
                         std::size_t ceiling)
    : names_(names), ceiling_(ceiling) {
  for (const MetricFamily* const family : families.all()) families_.push_back({family});
}

void SeriesTable::addSource(MetricCells& cells) { sources_.push_back({&cells, {}}); }

void SeriesTable::gather() {
  std::fill(values_.begin(), values_.end(), 0);
  for (Source& source : sources_) add(source);
}

void SeriesTable::add(Source& source) {
  std::size_t entry = 0;
  source.cells->forEach([&](MetricKey key, const MetricCell* cells) {
    if (entry == source.places.size()) source.places.push_back(locate(key));
    const std::size_t first = series_[source.places[entry++]].first_value;
    const std::size_t count = valueCount(key.family());
    for (std::size_t i = 0; i < count; ++i) values_[first + i] += cells[i].value();
  });
}

std::uint32_t SeriesTable::locate(MetricKey key) {
  if (const auto found = places_.find(key); found != places_.end()) return found->second;
  const MetricKey other = MetricKey::other(key.family());
  const std::size_t left = std::min(left_count_, MetricCells::kMostLeft * ceiling_);
  if (series_.size() < ceiling_ + left || key == other) return insert(key);
  ++folded_;
  return locate(other);
}

std::uint32_t SeriesTable::insert(MetricKey key) {
  const auto place = static_cast<std::uint32_t>(series_.size());
  series_.push_back({key, labelsOf(key), values_.size(), hasLeft(key)});
  values_.resize(values_.size() + valueCount(key.family()));
  membersOf(key.family()).push_back(place);
  places_.emplace(key, place);
  return place;
}

std::string SeriesTable::labelsOf(MetricKey key) const {
  std::string text;
  for (const MetricLabel& label : key.family().labels) {
    if (label.name.empty()) break;
    if (!text.empty()) text += ',';
    text.append(label.name).append("=\"");
    appendEscaped(labelText(label, key, names_), text);
    text += '"';
  }
  return text;
}

bool SeriesTable::hasLeft(MetricKey key) const {
  if (left_.empty()) return false;
  for (const MetricLabel& label : key.family().labels) {
    const bool comes_and_goes =
        std::ranges::find(kNamesOfConfiguration, label.name) != std::end(kNamesOfConfiguration);
    const auto name = nameIn(label, key);
    if (comes_and_goes && name && left_.contains(*name)) return true;
  }
  return false;
}

void SeriesTable::setLeft(std::unordered_set<NameId> names) {
  if (names == left_) return;
  left_ = std::move(names);
  left_count_ = 0;
  for (Series& series : series_) {
    series.left = hasLeft(series.key);
    if (series.left) ++left_count_;
  }
  for (const Source& source : sources_) {
    const auto left = std::ranges::count_if(
        source.places, [this](const std::uint32_t place) { return series_[place].left; });
    source.cells->setLeft(static_cast<std::size_t>(left));
  }
}

std::vector<std::uint32_t>& SeriesTable::membersOf(const MetricFamily& family) {
  const auto found = std::ranges::find(families_, &family, &Member::family);
  return found != families_.end() ? found->series : families_.emplace_back(Member{&family}).series;
}

std::span<const std::uint32_t> SeriesTable::ofFamily(const MetricFamily& family) const {
  const auto found = std::ranges::find(families_, &family, &Member::family);
  if (found == families_.end()) return {};
  return found->series;
}

std::uint64_t SeriesTable::dropped() const {
  std::uint64_t sum = folded_;
  for (const Source& source : sources_) sum += source.cells->dropped();
  return sum;
}

}  // namespace weir::metrics
