#pragma once

#include <cstddef>
#include <string_view>

#include "core/expr/schema.h"
#include "core/http/record.h"

namespace weir::access_log {

// The variables of an exchange that has ended.
expr::Schema recordSchema();

// The fields of one name, joined if there are several.
class HeaderMap final : public expr::Map {
 public:
  explicit HeaderMap(const http::Headers* headers) : headers_(headers) {}
  expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override;

 private:
  const http::Headers* headers_;
};

// A list of the values of the fields of one name, one for each line.
class HeaderLines final : public expr::Map {
 public:
  explicit HeaderLines(const http::Headers* headers) : headers_(headers) {}
  expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override;

 private:
  const http::Headers* headers_;
};

class QueryMap final : public expr::Map {
 public:
  explicit QueryMap(std::string_view query) : query_(query) {}
  expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override;

 private:
  std::string_view query_;
};

// The values of the variables for one record.
class RecordFacts final : public expr::Facts {
 public:
  explicit RecordFacts(const http::ExchangeRecord& record);
  expr::Value read(std::size_t index, Arena& arena) const override;

 private:
  const http::ExchangeRecord& record_;
  const QueryMap query_;
  const HeaderMap request_headers_;
  const HeaderMap response_headers_;
  const HeaderLines request_lines_;
  const HeaderLines response_lines_;
};

}  // namespace weir::access_log
