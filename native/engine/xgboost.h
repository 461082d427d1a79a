#pragma once

#include "engine/learner.h"

namespace harmonic {

/**
 * Gradient-boosted trees by XGBoost's histogram method, without subsampling, so that the seed and
 * the number of threads do not change the result. Starts from the share of the second class, or
 * from the mean. Parameters: rounds (100), depth (5), learningRate (0.1).
 */
Learner xgboost();

}  // namespace harmonic
