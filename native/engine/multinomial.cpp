#include "engine/multinomial.h"

#include <linear.h>

#include <algorithm>
#include <cmath>

#include "engine/lbfgs.h"
#include "engine/sparse-rows.h"

namespace harmonic {
namespace {

/** Largest component of the mean gradient at the end. */
constexpr double kTolerance = 1e-5;

/** Probabilities of one row into `out` of length k, by weights of shape (d + 1, k), the intercepts
 * last. */
void predict_row(const feature_node* row, const std::vector<double>& weights, size_t k,
                 double* out) {
  std::fill(out, out + k, 0.0);
  for (; row->index != -1; row++) {
    const double* feature = weights.data() + (row->index - 1) * k;
    for (size_t c = 0; c < k; c++) out[c] += row->value * feature[c];
  }
  const double largest = *std::max_element(out, out + k);
  double sum = 0;
  for (size_t c = 0; c < k; c++) sum += out[c] = std::exp(out[c] - largest);
  for (size_t c = 0; c < k; c++) out[c] /= sum;
}

}  // namespace

std::vector<double> fit_predict_multinomial(const LearnerProblem& p) {
  const size_t k = p.n_classes;
  const double strength = p.parameter("C", 1.0);
  const SparseRows<feature_node> rows(p.x, p.n, p.d, 1.0);
  const Objective loss = [&](const std::vector<double>& weights, std::vector<double>& gradient) {
    double total = 0;
    for (size_t i = 0; i < p.d * k; i++) total += weights[i] * weights[i] / 2;
    std::copy(weights.begin(), weights.begin() + p.d * k, gradient.begin());
    std::fill(gradient.begin() + p.d * k, gradient.end(), 0.0);
    std::vector<double> probabilities(k);
    for (size_t i = 0; i < p.n; i++) {
      predict_row(rows.row(i), weights, k, probabilities.data());
      const size_t truth = static_cast<size_t>(p.y[i]);
      total -= strength * std::log(std::max(probabilities[truth], 1e-300));
      probabilities[truth] -= 1.0;
      for (const feature_node* node = rows.row(i); node->index != -1; node++) {
        double* feature = gradient.data() + (node->index - 1) * k;
        for (size_t c = 0; c < k; c++) feature[c] += strength * node->value * probabilities[c];
      }
    }
    return total;
  };
  LbfgsOptions options;
  options.tolerance = kTolerance * strength * static_cast<double>(p.n);
  const std::vector<double> weights =
      minimise(loss, std::vector<double>((p.d + 1) * k, 0.0), options);

  const SparseRows<feature_node> test(p.test, p.m, p.d, 1.0);
  std::vector<double> probabilities(p.m * k);
  for (size_t i = 0; i < p.m; i++)
    predict_row(test.row(i), weights, k, probabilities.data() + i * k);
  return probabilities;
}

}  // namespace harmonic
