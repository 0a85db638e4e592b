#include "core/redis/servers.h"

#include <array>
#include <utility>

namespace weir::redis {
namespace {

class SingleServer final : public Servers {
 public:
  SingleServer(Client::Options options, const Client::Tools& tools)
      : client_(std::move(options), tools) {}

 private:
  Client* find(std::string_view) override { return client_.ready() ? &client_ : nullptr; }

  Client client_;
};

}  // namespace

void Evaluation::onReply(const Reply& reply) {
  if (reply.kind() == Reply::Kind::kError && servers_->repeat(*this, reply)) return;
  client_ = nullptr;
  onResult(reply);
}

void Evaluation::onNoReply() {
  client_ = nullptr;
  onNoResult();
}

std::unique_ptr<Servers> Servers::single(const Options& options, const Client::Tools& tools) {
  return std::make_unique<SingleServer>(options, tools);
}

bool Servers::evaluate(Words words, Evaluation& evaluation) {
  Client* const client = find(words[1]);
  if (client == nullptr) return false;
  evaluation.servers_ = this;
  evaluation.client_ = client;
  evaluation.words_ = words;
  evaluation.repeats_ = 0;
  evaluation.by_text_ = evaluation.asking_ = false;
  send(evaluation);
  return true;
}

void Servers::cancel(Evaluation& evaluation) {
  if (evaluation.client_ == nullptr) return;
  std::exchange(evaluation.client_, nullptr)->cancel(evaluation);
}

void Servers::send(Evaluation& evaluation) {
  Client& client = *evaluation.client_;
  if (evaluation.asking_) {
    const std::array<std::string_view, 1> words = {"ASKING"};
    client.send(words);
  }
  if (!evaluation.script_.empty()) {
    client.evaluateText(evaluation.script_, evaluation.words_, evaluation);
  } else if (evaluation.by_text_) {
    client.evaluateText(client.script(), evaluation.words_, evaluation);
  } else {
    client.evaluate(evaluation.words_, evaluation);
  }
}

// Sends it again if the reply is no result but says where, or how, to send it. False if not.
bool Servers::repeat(Evaluation& evaluation, const Reply& reply) {
  Client* client = evaluation.client_;
  if (reply.isError("NOSCRIPT")) {
    evaluation.by_text_ = true;
  } else if (!reply.isError("TRYAGAIN")) {  // some keys of the slot are still elsewhere
    client = follow(reply);
    evaluation.asking_ = reply.isError("ASK");
  }
  if (evaluation.repeats_ >= kMostRepeats || client == nullptr || !client->ready()) return false;
  ++evaluation.repeats_;
  evaluation.client_ = client;
  send(evaluation);
  return true;
}

}  // namespace weir::redis
