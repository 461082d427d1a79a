#pragma once
#include <algorithm>
#include <cmath>

namespace harmonic {

// Probabilities of the first `seen` scores of a row, in place; zero up to `width`. Inline, so that
// it is compiled with the flags of the kernels that call it.
inline void softmax(float* row, int seen, int width) {
  float largest = row[0];
  for (int j = 1; j < seen; j++) largest = std::max(largest, row[j]);
  float sum = 0;
  for (int j = 0; j < seen; j++) {
    row[j] = std::exp(row[j] - largest);
    sum += row[j];
  }
  const float inverse = 1.0f / sum;
  for (int j = 0; j < seen; j++) row[j] *= inverse;
  std::fill(row + seen, row + width, 0.0f);
}

}  // namespace harmonic
