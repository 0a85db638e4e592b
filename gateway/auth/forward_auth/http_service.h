#pragma once

#include <functional>
#include <memory>

#include "core/filter/control.h"
#include "core/http/fetch.h"
#include "gateway/auth/forward_auth/answer.h"
#include "gateway/auth/forward_auth/settings.h"

// Auth services that are asked by HTTP requests.
namespace weir::gateway::forward_auth {

// A question in progress; its end cancels it.
using Question = std::shared_ptr<const void>;
using OnAnswer = std::function<void(Answer)>;

// What is known when a service is asked. Copied before the call returns.
struct Subject {
  const http::Request& request;
  const filter::Control& control;
  std::string_view body;
};

// `done` is called once, never from within askHttp(); it may destroy the question.
Question askHttp(http::Client& client, const Settings& settings, const Subject& subject,
                 OnAnswer done);

// The meaning of a response.
Answer answerOf(const http::Reply& reply, const Settings& settings);

}  // namespace weir::gateway::forward_auth
