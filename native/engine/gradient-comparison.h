#pragma once
#include "engine/trainer.h"

namespace harmonic {

/** How far a pass of one trainer is from that of another, both of the same random adapter. */
struct GradientComparison {
  double losses;     // relative error: ||a - b|| / ||b||
  double gradients;  // the largest relative error of some thousand of them, in their order
};

/**
 * Of `actual` beside `expected`, two trainers of one adapter's shape, which both get that adapter
 * in place of theirs. An error is infinite where what it is of is no number.
 */
GradientComparison compare_gradients(Training& actual, Training& expected, const TrainBatch& batch);

}  // namespace harmonic
