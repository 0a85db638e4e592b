#pragma once

#include "observability/admin/question.h"
#include "observability/admin/reply.h"
#include "observability/admin/subject.h"

namespace weir::admin {

// Finds the page and lets it answer; 404 and 405 when there is none for the question.
void answerQuestion(const Question& question, AdminSubject& subject, const Answer& answer);

}  // namespace weir::admin
