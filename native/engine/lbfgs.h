#pragma once

#include <functional>
#include <vector>

namespace harmonic {

/** A smooth function: its value at `x`, and its gradient there into `gradient` (as long as `x`). */
using Objective =
    std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

struct LbfgsOptions {
  /** Ends where no component of the gradient is larger. */
  double tolerance = 1e-4;
  int max_iterations = 500;
  /** Pairs of steps and changes of gradient that stand for the curvature. */
  int memory = 10;
};

/** Minimises a convex function from `x` by L-BFGS with a backtracking search (Nocedal and Wright,
 * 2006, ch. 7.2). */
std::vector<double> minimise(const Objective& objective, std::vector<double> x,
                             const LbfgsOptions& options);

}  // namespace harmonic
