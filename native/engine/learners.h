#pragma once

#include <string>
#include <vector>

#include "engine/learner.h"

namespace harmonic {

/** All learners, in the order of reports. */
const std::vector<Learner>& learners();

/**
 * Checks the problem, fits the learner of that name on (x, y) and predicts `test`. Where y holds
 * one class only, that class gets probability 1. Throws E_INPUT for sizes, labels, values or
 * parameters that do not fit.
 */
std::vector<double> fit_predict(const std::string& learner, const LearnerProblem& problem);

}  // namespace harmonic
