#pragma once

#include <vector>

#include "engine/learner.h"

namespace harmonic {

/**
 * Logistic regression of any number of classes at once, min 1/2 |w|^2 + C * sum of cross entropies,
 * the intercepts free: the model that scikit-learn's LogisticRegression fits, which liblinear has
 * not. Parameter C (1). Returns (m, n_classes) probabilities.
 */
std::vector<double> fit_predict_multinomial(const LearnerProblem& problem);

}  // namespace harmonic
