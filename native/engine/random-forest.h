#pragma once

#include "engine/learner.h"

namespace harmonic {

/**
 * Random forest (Breiman, Machine Learning 45, 2001) with scikit-learn's choices: each tree of a
 * bootstrap sample of the rows, grown until its leaves are pure; classes by the mean of the leaves'
 * shares. Features are held in at most 256 bins. The seed gives the same forest on any number of
 * threads. Parameters: trees (100), depth (unlimited), minSplit (2), features (share of them drawn
 * at each node: by default their square root for classes, a third for values).
 */
Learner random_forest();

}  // namespace harmonic
