#pragma once

#include <array>

#include "core/base/metric.h"
#include "core/base/metric_cells.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"
#include "gateway/transform/coding/content_coding.h"

// Metrics of the filters that transform bodies.
namespace weir::gateway {

enum class CompressResult : std::uint8_t { kOk, kBusy, kGuarded };
inline constexpr std::string_view kCompressResultWords[] = {"ok", "busy", "guarded"};
enum class DecompressResult : std::uint8_t { kOk, kInvalid, kTooLarge, kUnsupported, kBusy };
inline constexpr std::string_view kDecompressResultWords[] = {"ok", "invalid", "too_large",
                                                              "unsupported", "busy"};
enum class BodyDirection : std::uint8_t { kIn, kOut };
inline constexpr std::string_view kBodyDirectionWords[] = {"in", "out"};

inline constexpr MetricLabel kEncodingLabel = {"encoding", KeyPart::kFirst,
                                               wordOf<kContentCodingWords>};

inline constexpr CounterFamily kCompressFamily{
    "weir_compress_total",
    "Responses that were compressed, or were not because of max_active or breach_guard.",
    {kEncodingLabel, {"result", KeyPart::kSecond, wordOf<kCompressResultWords>}}};
constexpr CounterKey compressKey(ContentCoding coding, CompressResult result) {
  return {kCompressFamily, {}, {.first = field(coding), .second = field(result)}};
}

inline constexpr CounterFamily kCompressBytesFamily{
    "weir_compress_bytes_total",
    "Bytes of response bodies before (in) and after (out) compression.",
    {kEncodingLabel, {"direction", KeyPart::kSecond, wordOf<kBodyDirectionWords>}},
    MetricUnit::kBytes};
constexpr CounterKey compressBytesKey(ContentCoding coding, BodyDirection direction) {
  return {kCompressBytesFamily, {}, {.first = field(coding), .second = field(direction)}};
}

inline constexpr CounterFamily kDecompressFamily{
    "weir_decompress_total",
    "Bodies that were decompressed or refused.",
    {kEncodingLabel, {"result", KeyPart::kSecond, wordOf<kDecompressResultWords>}}};
constexpr CounterKey decompressKey(ContentCoding coding, DecompressResult result) {
  return {kDecompressFamily, {}, {.first = field(coding), .second = field(result)}};
}

inline constexpr CounterFamily kDecompressBytesFamily{
    "weir_decompress_bytes_total",
    "Bytes of bodies before (in) and after (out) decompression.",
    {kEncodingLabel, {"direction", KeyPart::kSecond, wordOf<kBodyDirectionWords>}},
    MetricUnit::kBytes};
constexpr CounterKey decompressBytesKey(ContentCoding coding, BodyDirection direction) {
  return {kDecompressBytesFamily, {}, {.first = field(coding), .second = field(direction)}};
}

enum class ErrorSource : std::uint8_t { kWeir, kUpstream };
inline constexpr std::string_view kErrorSourceWords[] = {"weir", "upstream"};
inline constexpr CounterFamily kErrorPagesFamily{
    "weir_error_pages_total",
    "Error responses whose bodies were replaced, by the party that generated the response.",
    {{"source", KeyPart::kFirst, wordOf<kErrorSourceWords>}}};
constexpr CounterKey errorPagesKey(ErrorSource source) {
  return {kErrorPagesFamily, {}, {.first = field(source)}};
}

inline constexpr CounterFamily kTransformDroppedFamily{
    "weir_transform_dropped_total",
    "Values that the filter transform did not set, because an expression had no result or the "
    "value "
    "had bytes that are not allowed there."};
constexpr CounterKey transformDroppedKey() { return {kTransformDroppedFamily, {}}; }

enum class JsonMessage : std::uint8_t { kRequest, kResponse };
inline constexpr std::string_view kJsonMessageWords[] = {"request", "response"};
enum class JsonResult : std::uint8_t {
  kOk,
  kUnchanged,
  kSkippedType,
  kSkippedSize,
  kInvalid,
  kDuplicate,
  kLimit,
  kFailed
};
inline constexpr std::string_view kJsonResultWords[] = {
    "ok", "unchanged", "skipped_type", "skipped_size", "invalid", "duplicate", "limit", "failed"};
inline constexpr CounterFamily kJsonFamily{
    "weir_json_total",
    "Bodies that the filter json changed, did not change, skipped or refused; and responses in "
    "which names repeat (duplicate).",
    {{"message", KeyPart::kFirst, wordOf<kJsonMessageWords>},
     {"result", KeyPart::kSecond, wordOf<kJsonResultWords>}}};
constexpr CounterKey jsonKey(JsonMessage message, JsonResult result) {
  return {kJsonFamily, {}, {.first = field(message), .second = field(result)}};
}

inline constexpr CounterFamily kJsonDroppedFamily{
    "weir_json_dropped_total",
    "Changes that the filter json did not make, because an expression had no result or the place "
    "does not exist.",
    {{"message", KeyPart::kFirst, wordOf<kJsonMessageWords>}}};
constexpr CounterKey jsonDroppedKey(JsonMessage message) {
  return {kJsonDroppedFamily, {}, {.first = field(message)}};
}

void addTransformMetrics(MetricFamilies& families);

}  // namespace weir::gateway
