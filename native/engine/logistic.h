#pragma once

#include "engine/learner.h"

namespace harmonic {

/**
 * Linear models with an L2 penalty, by liblinear's trust-region Newton solvers. Classification:
 * logistic regression, min 1/2 |w|^2 + C * sum of log losses, one class against the rest where
 * there are more than two (probabilities normalised to sum 1). Regression: ridge, min 1/2 |w|^2 + C
 * * sum of squared errors. The intercept takes no part in the penalty, but for one ten-thousandth
 * of its square. Parameters: C (1).
 */
Learner logistic_regression();

}  // namespace harmonic
