#include "core/proxy/peer_headers.h"

#include "core/base/arena_writer.h"
#include "core/base/plain_text.h"
#include "core/proxy/forwarded.h"

namespace weir::proxy {
namespace {

using http::HeaderId;

// The identity of weir's certificate. If there are several, any of them will do.
std::string_view ownIdentity(const ListenerPlan& listener) {
  if (listener.tls == nullptr) return {};  // removed by a reload
  const auto& own = listener.tls->certificates().all();
  return own.empty() ? std::string_view() : own.front()->identity();  // it was withdrawn
}

// Quotes characters that would end a value early, as in Envoy's form of the header.
void putValue(ArenaWriter& pen, std::string_view value) {
  pen.put('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') pen.put('\\');
    pen.put(c);
  }
  pen.put('"');
}

bool isPlain(std::string_view value) {
  return value.find_first_of(",;=\"\\ ") == std::string_view::npos;
}

void putPart(ArenaWriter& pen, std::string_view key, std::string_view value) {
  pen.put(key);
  if (isPlain(value)) {
    pen.put(value);
  } else {
    putValue(pen, value);
  }
}

std::string_view element(const net::PeerCertificate& peer, std::string_view by, Arena& arena) {
  std::size_t room = 64 + peer.hash.size() + 2 * (by.size() + peer.subject.size());
  room += 2 * peer.identity.size();
  for (const std::string& name : peer.names) room += 16 + 2 * name.size();
  ArenaWriter pen(arena, room);
  if (!by.empty()) putPart(pen, "By=", by);
  putPart(pen, by.empty() ? "Hash=" : ";Hash=", peer.hash);
  if (!peer.subject.empty()) {
    pen.put(";Subject=");
    putValue(pen, peer.subject);
  }
  if (!peer.identity.empty()) putPart(pen, ";URI=", peer.identity);
  for (const std::string& name : peer.names) putPart(pen, ";DNS=", name);
  return pen.text();
}

// The handling of X-Forwarded-Client-Cert for one request.
struct ClientCertRule {
  bool keep = false;  // the received value
  bool add = false;   // an element for the client's certificate
};

ClientCertRule ruleFor(ClientCertMode mode, bool shown) {
  switch (mode) {
    case ClientCertMode::kSanitize:
      return {};
    case ClientCertMode::kForward:
      return {.keep = shown};
    case ClientCertMode::kAppend:
      return {.keep = shown, .add = shown};
    case ClientCertMode::kSet:
      return {.add = shown};
    case ClientCertMode::kAlwaysForward:
      return {.keep = true};
  }
  return {};
}

void addClientCert(http::Headers& headers, const ListenerPlan& listener,
                   const net::PeerCertificate* peer) {
  constexpr HeaderId kId = HeaderId::kXForwardedClientCert;
  const ClientCertRule rule = ruleFor(listener.forwarded_client_cert, peer != nullptr);
  if (!rule.keep && headers.mayHave(kId)) headers.remove(kId);
  if (peer == nullptr || !rule.add) return;
  const std::string_view told = element(*peer, ownIdentity(listener), headers.arena());
  if (isFieldText(told)) appendElement(headers, kId, told, rule.keep);
}

}  // namespace

void addPeerHeaders(http::Request& request, const ListenerPlan& listener,
                    const net::PeerCertificate* peer) {
  addClientCert(request.headers, listener, peer);
  // The handshake admits only such identities, but a head must not depend on that alone.
  if (peer == nullptr || peer->identity.empty() || !isFieldText(peer->identity)) return;
  Arena& arena = request.headers.arena();
  request.headers.add(HeaderId::kXWeirIdentity, arena.copy(peer->identity));
}

}  // namespace weir::proxy
