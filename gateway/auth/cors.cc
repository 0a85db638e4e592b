#include "gateway/auth/cors.h"

#include <algorithm>

#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kAny = "*";

std::string joinedTexts(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& each : texts) text += (text.empty() ? "" : ", ") + each;
  return text;
}

void checkTokens(config::Table& table, std::string_view key,
                 const std::vector<std::string>& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!http::isToken(texts[i])) table.failElement(key, i, "is not a name");
  }
}

bool isAny(const std::vector<std::string>& texts) {
  return std::ranges::find(texts, kAny) != texts.end();
}

bool isCorsField(const http::Header& field) {
  constexpr std::string_view kPrefix = "access-control-";
  return field.id == http::HeaderId::kOther && field.name.size() > kPrefix.size() &&
         http::equalsIgnoringCase(field.name.substr(0, kPrefix.size()), kPrefix);
}

}  // namespace

void Cors::Config::read(config::Table& table, Config& out) {
  table.read("origins", out.origins,
             "Origins whose pages may read responses, such as `https://shop.example`. "
             "`https://*.shop.example` stands for all hosts below this one, `*` for every origin.",
             {.min_size = 1, .required = true});
  table.read("methods", out.methods,
             "Methods that these pages may use. `*` stands for every method.");
  table.read("headers", out.headers,
             "Request headers that these pages may set. `*` stands for every header.");
  table.read(
      "expose_headers", out.expose_headers,
      "Response headers that these pages may read, besides those that browsers always show.");
  table.read("credentials", out.credentials,
             "Whether these pages may send cookies and other credentials of the user.");
  table.read("max_age", out.max_age,
             "Time for which browsers may keep the answer to a preflight request.",
             {.max = std::chrono::hours(24)});
  table.read("private_network", out.private_network,
             "Whether pages from public networks may ask this host in a private network.");
  checkTokens(table, "methods", out.methods);
  checkTokens(table, "headers", out.headers);
  checkTokens(table, "expose_headers", out.expose_headers);
  out.any_origin = std::ranges::any_of(out.origins, &OriginPattern::isAny);
  out.any_method = isAny(out.methods);
  out.any_header = isAny(out.headers);
  if (out.credentials && out.any_origin) {
    table.warn("origins", "with `credentials`, every page in the web may act as the user");
  }
  if (out.credentials && isAny(out.expose_headers)) {
    table.warn("expose_headers", "with `credentials`, browsers take `*` for the name of a header");
  }
  out.methods_text = joinedTexts(out.methods);
  out.headers_text = joinedTexts(out.headers);
  out.exposed_text = joinedTexts(out.expose_headers);
  out.max_age_text = std::to_string(out.max_age.count());
}

bool Cors::allows(std::string_view origin) const {
  return std::ranges::any_of(
      config_.origins, [origin](const OriginPattern& pattern) { return pattern.matches(origin); });
}

filter::Verdict Cors::onRequest(http::Request& request) {
  const http::Headers& headers = request.headers;
  if (!headers.mayHave(http::HeaderId::kOrigin)) return filter::Verdict::proceed();
  const auto origin = headers.get(http::HeaderId::kOrigin);
  if (!origin || !allows(*origin)) return filter::Verdict::proceed();
  origin_ = *origin;
  if (request.method != http::Method::kOptions) return filter::Verdict::proceed();
  const auto method = headers.get("access-control-request-method");
  if (!method) return filter::Verdict::proceed();
  preflight_ = true;
  requested_method_ = http::isToken(*method) ? *method : std::string_view();
  requested_headers_ = headers.joined("access-control-request-headers").value_or("");
  private_network_ =
      config_.private_network && headers.get("access-control-request-private-network") == "true";
  filter::LocalReply reply{.status = 204};
  reply.body = std::string_view();
  return filter::Verdict::reply(reply);
}

void Cors::addFields(http::Headers& headers) const {
  headers.removeIf(isCorsField);
  headers.add(http::HeaderId::kVary,
              preflight_ ? "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
                         : "Origin");
  if (origin_.empty()) return;
  const bool reflect = config_.credentials || !config_.any_origin;
  headers.add("access-control-allow-origin", reflect ? origin_ : kAny);
  if (config_.credentials) headers.add("access-control-allow-credentials", "true");
  if (!config_.exposed_text.empty()) {
    headers.add("access-control-expose-headers", config_.exposed_text);
  }
  if (preflight_) addPreflightFields(headers);
}

// Browsers take "*" literally for requests with credentials, and never for Authorization: the
// answer names what was asked for.
void Cors::addPreflightFields(http::Headers& headers) const {
  std::string_view methods = config_.methods_text;
  if (config_.any_method) methods = requested_method_;
  std::string_view names = config_.headers_text;
  if (config_.any_header) names = requested_headers_;
  if (!methods.empty()) headers.add("access-control-allow-methods", methods);
  if (!names.empty()) headers.add("access-control-allow-headers", names);
  headers.add("access-control-max-age", config_.max_age_text);
  if (private_network_) headers.add("access-control-allow-private-network", "true");
}

}  // namespace weir::gateway
