#include "core/server/survey.h"

#include "core/server/worker.h"

namespace weir::server {

// A question that some workers have not answered yet.
struct Survey::Round {
  Round(Survey& asking, Number its_number, Question its_question, OnDone its_end)
      : survey(asking),
        number(its_number),
        question(std::move(its_question)),
        on_done(std::move(its_end)),
        missing(asking.workers_.size()),
        deadline(asking.loop_.wheel(), *this) {}

  void onDeadline() { survey.finish(number); }

  Survey& survey;
  const Number number;
  const Question question;
  const OnDone on_done;
  std::size_t missing;  // answers
  event::Alarm<Round, &Round::onDeadline> deadline;
};

Survey::Survey(event::Loop& loop, const std::vector<std::unique_ptr<Worker>>& workers)
    : loop_(loop), workers_(workers) {}

Survey::~Survey() = default;

void Survey::ask(Question question, OnDone on_done) {
  const Number number = ++latest_;
  auto round = std::make_unique<Round>(*this, number, std::move(question), std::move(on_done));
  round->deadline.arm(kPatience);
  rounds_.emplace(number, std::move(round));
  asked_.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!asked_[i].pending) askWorker(i);
  }
}

// Puts all questions to the worker that it has not been asked yet.
void Survey::askWorker(std::size_t index) {
  std::vector<std::pair<Number, Question>> questions;
  for (auto round = rounds_.lower_bound(asked_[index].next); round != rounds_.end(); ++round) {
    questions.emplace_back(round->first, round->second->question);
  }
  asked_[index].next = latest_ + 1;
  if (questions.empty()) return;
  asked_[index].pending = true;
  Worker& worker = *workers_[index];
  worker.post([this, index, &worker, questions = std::move(questions)] {
    Answers answers;
    for (const auto& [number, question] : questions) answers.emplace_back(number, question(worker));
    loop_.post([this, index, answers = std::move(answers)] { onAnswers(index, answers); });
  });
}

void Survey::onAnswers(std::size_t index, const Answers& answers) {
  asked_[index].pending = false;
  for (const auto& [number, take] : answers) {
    const auto found = rounds_.find(number);
    if (found == rounds_.end()) continue;  // too late
    take();
    if (--found->second->missing == 0) finish(number);
  }
  askWorker(index);
}

void Survey::finish(Number number) {
  const auto found = rounds_.find(number);
  const std::unique_ptr<Round> done = std::move(found->second);
  rounds_.erase(found);
  done->on_done(done->missing);
}

}  // namespace weir::server
