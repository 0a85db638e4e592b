#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "gateway/transform/json/body_values.h"
#include "gateway/transform/json/document.h"
#include "gateway/transform/json/tree.h"

namespace weir::gateway::json {
namespace {

constexpr ParseLimits kLimits = {.depth = 32, .nodes = 10'000};

Pointer pointerOf(std::string_view text) {
  std::string why;
  auto pointer = Pointer::parse(text, true, why);
  WEIR_CHECK(pointer.has_value());
  return *std::move(pointer);
}

Mistake parse(Document& document, std::string_view text, Arena& arena) {
  std::copy(text.begin(), text.end(), document.prepare(text.size()));
  return document.parse({.depth = 64, .nodes = 1'000'000}, arena);
}

// A text made of a document is a document again.
void checkText(const std::string& text, Arena& arena) {
  Document again;
  WEIR_CHECK(parse(again, text, arena) == Mistake::kNone);
}

void checkNodes(const Document& document) {
  for (NodeId id = 0; id < document.nodes(); ++id) {
    const Node& node = document.node(id);
    WEIR_CHECK(node.begin < node.end && node.end <= document.text().size());
    WEIR_CHECK(node.next > id && node.next <= document.nodes());
    WEIR_CHECK(node.key_begin <= node.key_end && node.key_end <= node.begin);
  }
}

const std::vector<Pointer> kKept = {pointerOf("/a/*/b"), pointerOf("/a/0"), pointerOf("/c")};
const std::vector<Pointer> kRemoved = {pointerOf("/a/*/b"), pointerOf("/*")};
const Pointer kRenamed = pointerOf("/a");
const std::vector<Pointer> kPut = {pointerOf("/c/d/0"), pointerOf("/e/-"), pointerOf("/0"),
                                   pointerOf("/1")};

void change(const Document& document, Arena& arena) {
  Tree kept(document, arena, 100'000);
  kept.keep(kKept);
  Tree tree(document, arena, 100'000);
  for (const Pointer& each : kRemoved) tree.remove(each);
  tree.rename(kRenamed, "\"c\"");
  tree.put(kPut[0], {.text = "1"}, Tree::How::kDefault);
  tree.put(kPut[1], {.node = 0}, Tree::How::kAdd);
  tree.put(kPut[2], {.node = 0}, Tree::How::kAdd);
  tree.put(kPut[3], {.text = "null"}, Tree::How::kSet);
  for (const Tree* const each : {&kept, &tree}) {
    std::string out;
    WEIR_CHECK(each->write(out, 1'000'000));
    checkText(out, arena);
  }
}

}  // namespace
}  // namespace weir::gateway::json

// Any text is either refused, or divided into values whose positions are valid, and changes to it
// result in JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  using namespace weir::gateway::json;
  if (size > 20'000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  BlockPool pool(4096);
  Arena arena(pool);
  Document document;
  std::copy(text.begin(), text.end(), document.prepare(size));
  if (document.parse(kLimits, arena) != Mistake::kNone) return 0;
  checkNodes(document);
  change(document, arena);
  BodyValues values;
  values.begin(document, arena);
  std::string out;
  if (!appendValue(out, values.valueOf(0), values, 1'000'000)) checkText(out, arena);
  return 0;
}
