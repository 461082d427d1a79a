#pragma once

#include <cmath>
#include <vector>

namespace harmonic {

/** Score of a class that no training row has: below every other, and finite. */
constexpr double kNeverSeen = -1e300;

/**
 * Decision values of each pair of classes (the first of the pair where positive; pairs in the order
 * 0-1, 0-2, .., 1-2, ..) as a score for each class, into `out` at the classes' `labels`: its votes,
 * ties broken by the sum of its decision values squeezed into (-1/3, 1/3), as scikit-learn does.
 */
inline void scores_of_pairs(const std::vector<double>& pairs, const std::vector<int>& labels,
                            double* out) {
  const size_t k = labels.size();
  if (k == 2) {
    out[labels[0]] = pairs[0];
    out[labels[1]] = -pairs[0];
    return;
  }
  std::vector<double> votes(k, 0.0);
  std::vector<double> sums(k, 0.0);
  size_t at = 0;
  for (size_t a = 0; a < k; a++) {
    for (size_t b = a + 1; b < k; b++, at++) {
      votes[pairs[at] > 0 ? a : b] += 1;
      sums[a] += pairs[at];
      sums[b] -= pairs[at];
    }
  }
  for (size_t c = 0; c < k; c++)
    out[labels[c]] = votes[c] + sums[c] / (3 * (std::abs(sums[c]) + 1));
}

}  // namespace harmonic
