#pragma once

#include "engine/learner.h"

namespace harmonic {

/**
 * Linear models with an L2 penalty. Two classes: logistic regression by liblinear's trust-region
 * Newton method, min 1/2 |w|^2 + C * sum of log losses; more: all at once (see multinomial.h).
 * Regression: ridge, min 1/2 |w|^2 + C * sum of squared errors, by liblinear. The intercept takes
 * no part in the penalty, but for one ten-thousandth of its square in liblinear. Parameters: C (1).
 */
Learner logistic_regression();

}  // namespace harmonic
