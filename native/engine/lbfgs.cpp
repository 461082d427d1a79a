#include "engine/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace harmonic {
namespace {

using Vector = std::vector<double>;

/** A step, the change of the gradient along it, and 1 / (step . change). */
struct Pair {
  Vector step;
  Vector change;
  double rho;
};

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add(Vector& to, double factor, const Vector& what) {
  for (size_t i = 0; i < to.size(); i++) to[i] += factor * what[i];
}

/** The two-loop recursion: minus the gradient times the inverse curvature that the pairs know of.
 */
Vector direction(const Vector& gradient, const std::deque<Pair>& pairs) {
  Vector result = gradient;
  std::vector<double> alphas(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    alphas[i] = pairs[i].rho * dot(pairs[i].step, result);
    add(result, -alphas[i], pairs[i].change);
  }
  const double scale =
      pairs.empty() ? 1.0 / std::max(1.0, std::sqrt(dot(gradient, gradient)))
                    : 1.0 / (pairs.back().rho * dot(pairs.back().change, pairs.back().change));
  for (double& value : result) value *= scale;
  for (size_t i = 0; i < pairs.size(); i++) {
    add(result, alphas[i] - pairs[i].rho * dot(pairs[i].change, result), pairs[i].step);
  }
  for (double& value : result) value = -value;
  return result;
}

double largest(const Vector& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

}  // namespace

std::vector<double> minimise(const Objective& objective, std::vector<double> x,
                             const LbfgsOptions& options) {
  constexpr double kSufficient = 1e-4;  // share of the promised decrease that a step must bring
  constexpr int kMaxHalvings = 40;
  Vector gradient(x.size());
  double value = objective(x, gradient);
  std::deque<Pair> pairs;
  for (int iteration = 0;
       iteration < options.max_iterations && largest(gradient) > options.tolerance; iteration++) {
    const Vector along = direction(gradient, pairs);
    const double slope = dot(along, gradient);
    Vector next;
    Vector next_gradient(x.size());
    double length = 1.0;
    double next_value = value;
    bool found = false;
    for (int halving = 0; halving < kMaxHalvings && !found; halving++, length /= 2) {
      next = x;
      add(next, length, along);
      next_value = objective(next, next_gradient);
      found = next_value <= value + kSufficient * length * slope;
    }
    if (!found) break;  // as good as doubles can tell
    Pair pair{next, next_gradient, 0};
    add(pair.step, -1, x);
    add(pair.change, -1, gradient);
    const double curvature = dot(pair.step, pair.change);
    if (curvature > 1e-10 * dot(pair.change, pair.change)) {
      pair.rho = 1.0 / curvature;
      pairs.push_back(std::move(pair));
      if (pairs.size() > static_cast<size_t>(options.memory)) pairs.pop_front();
    }
    x = std::move(next);
    gradient = std::move(next_gradient);
    value = next_value;
  }
  return x;
}

}  // namespace harmonic
