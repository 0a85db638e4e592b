#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/event/loop.h"

namespace weir::server {

class Worker;

// Asks all workers questions and gathers their answers. A worker that hangs delays an answer by at
// most kPatience, and has at most one pending task.
//
// Thread: the control thread. Questions are answered on the workers.
class Survey {
 public:
  static constexpr Milliseconds kPatience{1'000};
  // Takes a worker's answer, on the control thread.
  using Taker = std::function<void()>;
  using Question = std::function<Taker(Worker&)>;
  // `silent`: workers that have not answered in time.
  using OnDone = std::function<void(std::size_t silent)>;

  // Both outlive the survey.
  Survey(event::Loop& loop, const std::vector<std::unique_ptr<Worker>>& workers);
  ~Survey();

  // Calls back later, from the loop.
  void ask(Question question, OnDone on_done);

  // The same for answers of one type: `on_done` gets those that came in time, in any order.
  template <typename Part>
  void gather(std::function<Part(Worker&)> question,
              std::function<void(std::vector<Part> parts, std::size_t silent)> on_done) {
    auto parts = std::make_shared<std::vector<Part>>();
    ask(
        [question = std::move(question), parts](Worker& worker) -> Taker {
          return [parts, part = question(worker)]() mutable { parts->push_back(std::move(part)); };
        },
        [on_done = std::move(on_done), parts](std::size_t silent) {
          on_done(std::move(*parts), silent);
        });
  }

 private:
  struct Round;
  using Number = std::uint64_t;  // of a round; later rounds have higher ones
  struct Asked {
    bool pending = false;  // has a task that it has not finished
    Number next = 1;       // rounds before this one have been put to it
  };
  using Answers = std::vector<std::pair<Number, Taker>>;

  void askWorker(std::size_t index);
  void onAnswers(std::size_t index, const Answers& answers);
  void finish(Number number);

  event::Loop& loop_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  std::vector<Asked> asked_;  // by worker
  Number latest_ = 0;
  std::map<Number, std::unique_ptr<Round>> rounds_;  // not yet finished
};

}  // namespace weir::server
