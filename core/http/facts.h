#pragma once

#include <cstddef>
#include <string_view>

#include "core/expr/schema.h"
#include "core/expr/setting.h"
#include "core/http/principal.h"
#include "core/http/record.h"

// The facts about an exchange, by the names under which expressions use them (docs/expressions.md).
namespace weir::http {

// The variables of expressions that are evaluated while a request is being processed.
struct RequestVariables {
  static expr::Schema schema();
};

// The variables of expressions about an exchange that has ended: those of the request and more.
struct RecordVariables {
  static expr::Schema schema();
};

using RequestCondition = expr::Expression<RequestVariables>;

// The fields of one name, joined if there are several.
class HeaderMap final : public expr::Map {
 public:
  explicit HeaderMap(const Headers* headers) : headers_(headers) {}
  expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override;

 private:
  const Headers* headers_;
};

// A list of the values of the fields of one name, one for each line.
class HeaderLines final : public expr::Map {
 public:
  explicit HeaderLines(const Headers* headers) : headers_(headers) {}
  expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override;

 private:
  const Headers* headers_;
};

class QueryMap final : public expr::Map {
 public:
  explicit QueryMap(std::string_view query) : query_(query) {}
  expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override;

 private:
  std::string_view query_;
};

// The values of both kinds of variables. The record may change between evaluations; values that are
// not known yet are missing.
class ExchangeFacts final : public expr::Facts {
 public:
  explicit ExchangeFacts(const ExchangeRecord& record);
  expr::Value read(std::size_t index, Arena& arena) const override;

 private:
  const ExchangeRecord& record_;
  const QueryMap query_;
  const HeaderMap request_headers_;
  const HeaderMap response_headers_;
  const HeaderLines request_lines_;
  const HeaderLines response_lines_;
};

// An exchange as filters see it: the facts known so far, and the principal, which they fill.
struct ExchangeView {
  explicit ExchangeView(const ExchangeRecord& known) : record(known), facts(record) {
    record.principal = &principal;
  }
  ExchangeView(const ExchangeView&) = delete;
  ExchangeView& operator=(const ExchangeView&) = delete;

  ExchangeRecord record;
  Principal principal;
  const ExchangeFacts facts;
};

}  // namespace weir::http
