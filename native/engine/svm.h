#pragma once

#include "engine/learner.h"

namespace harmonic {

/**
 * Support vector machines. Instead of probabilities they give scores: the largest is the predicted
 * class, and each ranks rows by how likely they are of its class.
 *
 * `svm-rbf`: libsvm, kernel exp(-gamma |a - b|^2), one machine a pair of classes; the time grows
 * with the square of the rows. Parameters: C (1), gamma (1 / (d * variance of x)), epsilon (0.1,
 * the width of regression's tube).
 */
Learner svm_rbf();

/**
 * `svm-linear`: liblinear's primal solvers, squared hinge, one class against the rest; the time
 * grows with the rows. Parameters: C (1), epsilon (0.1).
 */
Learner svm_linear();

}  // namespace harmonic
