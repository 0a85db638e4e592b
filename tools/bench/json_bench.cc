// The cost of the filter json for a body of 1 MiB: reading it alone, and with ten changes.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/check.h"
#include "core/expr/compile.h"
#include "gateway/transform/json/body_values.h"
#include "gateway/transform/json/document.h"
#include "gateway/transform/json/tree.h"

namespace weir::gateway::json {
namespace {

constexpr std::size_t kSize = std::size_t{1024} * 1024;
constexpr std::size_t kSteps = 1'000'000;

std::string sampleBody() {
  std::string text = "{\"internal\":{\"shard\":7},\"currency\":\"EUR\",\"items\":[";
  for (unsigned i = 0; text.size() < kSize - 200; ++i) {
    text += "{\"id\":" + std::to_string(18'446'744'073'709'000'000ULL + i) +
            ",\"name\":\"item \\u00e9\",\"price\":" + std::to_string(i) +
            ".5,\"count\":2,\"cost\":1.25,\"tags\":[\"a\",\"b\"],\"more\":{\"x\":null}},";
  }
  text.pop_back();
  return text + "],\"count\":3,\"price\":2.5}";
}

class NoFacts final : public expr::Facts {
 public:
  expr::Value read(std::size_t, Arena&) const override { return expr::Value::missing(); }
};

Pointer placeOf(std::string_view text) {
  std::string why;
  auto pointer = Pointer::parse(text, true, why);
  WEIR_CHECK(pointer.has_value());
  return *std::move(pointer);
}

struct Bench {
  Bench() { std::copy(text.begin(), text.end(), document.prepare(text.size())); }

  void parse(Arena& arena) {
    const Mistake mistake = document.parse({.depth = 64, .nodes = 1'000'000}, arena);
    WEIR_CHECK(mistake == Mistake::kNone);
  }

  const std::string text = sampleBody();
  BlockPool pool{64 * 1024};
  Document document;
  BodyValues values;
};

void read(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) {
    Arena arena(bench.pool);
    bench.parse(arena);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bench.text.size()));
}
BENCHMARK(read)->Unit(benchmark::kMillisecond);

void change(benchmark::State& state) {
  Bench bench;
  std::vector<std::shared_ptr<const expr::Program>> programs;
  for (const std::string_view text :
       {"body.price * body.count", "body.items.map(i, i.price * i.count)",
        "body.items.filter(i, i.price > 100.0 && i.name.contains('item'))", "body.items.size()",
        "body.currency + '!'"}) {
    expr::Mistake mistake;
    programs.push_back(expr::compile(text, BodyVariables::schema(), std::nullopt, mistake));
    WEIR_CHECK(programs.back() != nullptr);
  }
  const Pointer places[] = {placeOf("/total"), placeOf("/totals"), placeOf("/dear"),
                            placeOf("/size"), placeOf("/currency")};
  const Pointer removed[] = {placeOf("/internal"), placeOf("/items/*/cost")};
  const Pointer renamed[] = {placeOf("/items/*/more"), placeOf("/count")};
  const Pointer copied[] = {placeOf("/copy"), placeOf("/items/0")};
  std::size_t steps = 0;
  for (auto _ : state) {
    Arena arena(bench.pool);
    bench.parse(arena);
    bench.values.begin(bench.document, arena);
    const NoFacts none;
    const BodyFacts facts(none, bench.values);
    expr::Budget budget{arena};
    budget.steps = kSteps;
    budget.bytes = 4 * kSize;
    budget.loop_items = kSteps;
    std::vector<std::string_view> texts;
    for (const auto& program : programs) {
      std::string text;
      const auto fault =
          appendValue(text, program->evaluate(facts, budget), bench.values, 4 * kSize);
      WEIR_CHECK(!fault.has_value());
      texts.push_back(arena.copy(text));
    }
    Tree tree(bench.document, arena, budget.steps);
    for (const Pointer& each : removed) tree.remove(each);
    tree.rename(renamed[0], "extra");
    tree.rename(renamed[1], "number");
    tree.put(copied[0], {.node = bench.document.find(copied[1])}, Tree::How::kSet);
    for (std::size_t i = 0; i < std::size(places); ++i) {
      tree.put(places[i], {.text = texts[i]}, Tree::How::kSet);
    }
    std::string out;
    WEIR_CHECK(tree.write(out, 4 * kSize) && !tree.exhausted());
    benchmark::DoNotOptimize(out.data());
    steps = kSteps - budget.steps;
  }
  state.counters["steps"] = static_cast<double>(steps);
  state.counters["values"] = static_cast<double>(bench.document.nodes());
}
BENCHMARK(change)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::gateway::json
