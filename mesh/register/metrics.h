#pragma once

#include <cstdint>

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of this node's registrations.
namespace weir::mesh::registering {

enum class RegistryKind : std::uint8_t { kEtcd, kConsul };
inline constexpr std::string_view kRegistryWords[] = {"etcd", "consul"};

// kLost: the registry did not know the registration any more, or it was not renewed in time.
enum class RegistrationResult : std::uint8_t { kRegistered, kFailed, kLost, kRemoved };
inline constexpr std::string_view kRegistrationResultWords[] = {"registered", "failed", "lost",
                                                                "removed"};

inline constexpr CounterFamily kRegistrationsFamily{
    "weir_registrations_total",
    "Attempts to register this node with a registry, renewals that failed, and removals.",
    {{"service", KeyPart::kNameA},
     {"target", KeyPart::kFirst, wordOf<kRegistryWords>},
     {"result", KeyPart::kSecond, wordOf<kRegistrationResultWords>}}};
constexpr CounterKey registrationsKey(NameId service, RegistryKind target,
                                      RegistrationResult result) {
  return {kRegistrationsFamily, {.a = service}, {.first = field(target), .second = field(result)}};
}

inline constexpr GaugeFamily kRegisteredFamily{
    "weir_registered",
    "Registrations of this node that are in force.",
    {{"service", KeyPart::kNameA}, {"target", KeyPart::kFirst, wordOf<kRegistryWords>}}};
constexpr GaugeKey registeredKey(NameId service, RegistryKind target) {
  return {kRegisteredFamily, {.a = service}, {.first = field(target)}};
}

void addMetrics(MetricFamilies& families);

}  // namespace weir::mesh::registering
