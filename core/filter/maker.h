#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/arena.h"
#include "core/filter/filter.h"
#include "core/filter/finding.h"
#include "core/filter/parts.h"
#include "core/http/facts.h"
#include "core/http/field_set.h"

namespace weir::filter {

// A configured filter: makes the object for each exchange, and the parts that outlive exchanges.
// Routes with equal settings share one, and a reload keeps it as long as any plan in use has it.
//
// Thread: immutable. Destroyed on the control thread.
class Maker {
 public:
  // `sees_responses`: Filter::onResponse is overridden.
  explicit Maker(MakerId id, http::RequestCondition when = {}, bool sees_responses = true)
      : id_(id), when_(std::move(when)), sees_responses_(sees_responses) {}
  virtual ~Maker() = default;
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;

  virtual Filter* make(Arena& arena, Control& control) const = 0;
  virtual void destroy(Filter* filter) const = 0;  // one returned by make()

  MakerId id() const { return id_; }
  bool seesResponses() const { return sees_responses_; }
  // The condition of the requests for which the filter is used. Null: all.
  const expr::Program* when() const { return when_.given() ? &when_.program() : nullptr; }
  // Adds the names of the request fields that the filter may set.
  virtual void addRequestFields(http::FieldSet& fields) const { (void)fields; }
  // What the filter does with this request of which `view` tells the facts.
  virtual Finding explain(const http::Request& request, const http::ExchangeView& view) const {
    (void)request;
    (void)view;
    return {};
  }
  // True if the filter has a part that outlives exchanges.
  virtual bool hasParts() const { return false; }
  // Null if the filter has no such part.
  virtual std::unique_ptr<SharedPart> makeShared(const SharedTools& tools) const {
    (void)tools;
    return nullptr;
  }
  virtual std::unique_ptr<LocalPart> makeLocal(const LocalTools& tools) const {
    (void)tools;
    return nullptr;
  }

 private:
  const MakerId id_;
  const http::RequestCondition when_;
  const bool sees_responses_;
};

}  // namespace weir::filter
