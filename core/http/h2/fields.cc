#include "core/http/h2/fields.h"

#include <charconv>
#include <cstdint>

#include "core/http/syntax.h"

namespace weir::http::h2 {
namespace {

constexpr std::size_t kMaxNumber = 20;  // digits of 2^64

// Secrets, and values that differ in each request: in the table they would only replace others, and
// each search for one would compare all earlier ones.
bool isNeverIndexed(HeaderId id) {
  switch (id) {
    case HeaderId::kAuthorization:
    case HeaderId::kProxyAuthorization:
    case HeaderId::kTraceparent:
    case HeaderId::kTracestate:
    case HeaderId::kB3:
    case HeaderId::kXRequestId:
      return true;
    default:
      return false;
  }
}

class Writer {
 public:
  Writer(Arena& arena, std::size_t most) : arena_(arena), first_(arena.array<Field>(most)) {}

  // `name` is static text in lower case.
  void add(std::string_view name, std::string_view value) {
    first_[count_++] = {name, value, false, true};
  }
  void addNumber(std::string_view name, std::uint64_t value) {
    char* const text = arena_.allocate(kMaxNumber);
    const char* const end = std::to_chars(text, text + kMaxNumber, value).ptr;
    add(name, {text, static_cast<std::size_t>(end - text)});
  }
  void addAll(const Headers& headers) {
    for (const Header& field : headers) {
      const bool known = field.id != HeaderId::kOther;
      first_[count_++] = {known ? headerName(field.id) : field.name, field.value,
                          isNeverIndexed(field.id), known};
    }
  }
  Fields done() const { return {first_, count_}; }

 private:
  Arena& arena_;
  Field* first_;
  std::size_t count_ = 0;
};

}  // namespace

Fields fieldsOf(const Request& request, std::string_view scheme, Arena& arena) {
  constexpr std::size_t kMostOwn = 8;
  Writer writer(arena, request.headers.size() + kMostOwn);
  const bool upgrade = isExtendedConnect(request);
  const bool connect = request.method == Method::kConnect;
  writer.add(":method", upgrade ? toString(Method::kConnect) : request.method_text);
  if (upgrade) writer.add(":protocol", request.upgrade);
  if (!connect) {
    writer.add(":scheme", scheme);
    writer.add(":path", pathAndQuery(request, arena));
  }
  writer.add(":authority", request.authority);
  writer.addAll(request.headers);
  if (request.body == BodyKind::kLength) {
    writer.addNumber("content-length", request.content_length);
  }
  if (request.accepts_trailers) writer.add("te", "trailers");
  if (request.expects_continue) writer.add("expect", "100-continue");
  return writer.done();
}

Fields fieldsOf(const Response& response, Arena& arena) {
  Writer writer(arena, response.headers.size() + 2);
  writer.addNumber(":status",
                   static_cast<std::uint64_t>(response.status == 101 ? 200 : response.status));
  writer.addAll(response.headers);
  if (response.has_content_length && response.status >= 200) {
    writer.addNumber("content-length", response.content_length);
  }
  return writer.done();
}

}  // namespace weir::http::h2
