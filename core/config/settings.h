#pragma once

#include <string>

#include "core/config/diagnostics.h"
#include "core/config/document.h"
#include "core/config/field_reference.h"
#include "core/config/json_schema.h"
#include "core/config/table.h"
#include "core/config/toml_writer.h"
#include "core/config/variant.h"

// Operations on a struct of settings that is a complete configuration.
namespace weir::config {

// Fills `out`. Records every mistake and returns false if there is one.
template <Settings T>
bool readSettings(Document& document, const Extensions& extensions, T& out,
                  Diagnostics& diagnostics) {
  Reading reading{document, diagnostics, extensions};
  return document.complete() && Codec<T>::read(Entry(document.root(), {}, reading), out, {});
}

// Gives settings without a value the defaults of the role.
template <Settings T>
void settle(T& settings, Role role) {
  Table::settle(role, [&settings](Table& table) { T::read(table, settings); });
}

// For jsonSchema() and fieldReference().
template <Settings T>
Type describeSettings(const Extensions& extensions, const T& defaults = {}) {
  return Codec<T>::type(defaults, {}, Scope{extensions});
}

// For tomlText() and jsonText(). Secrets are not shown.
enum class Show { kChanges, kEverything };
template <Settings T>
Value showSettings(const T& settings, const Extensions& extensions, Show show = Show::kChanges) {
  return Codec<T>::showElement(settings, {}, Scope{extensions, show == Show::kChanges});
}

}  // namespace weir::config
