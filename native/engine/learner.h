#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace harmonic {

enum class Task { classification, regression };

/** What to fit and what to predict. The caller keeps the arrays alive. */
struct LearnerProblem {
  Task task = Task::classification;
  const float* x = nullptr;  // shape (n, d), row-major
  const double* y =
      nullptr;  // shape (n): class index 0 .. n_classes - 1, or the value (mean 0, deviation 1)
  size_t n = 0;
  const float* test = nullptr;  // shape (m, d)
  size_t m = 0;
  size_t d = 0;
  size_t n_classes = 0;
  uint64_t seed = 0;
  int threads = 1;
  std::map<std::string, double> parameters;

  double parameter(const std::string& name, double otherwise) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? otherwise : found->second;
  }
};

/**
 * One kind of model. `fit_predict` gives (m, n_classes) probabilities (or scores that rank as they
 * do, see svm.h) or (m) values, and the same ones for the same problem. It may assume a problem
 * that fit_predict() of learners.h has checked.
 */
struct Learner {
  const char* name;
  std::vector<const char*> parameters;  // names that it understands
  std::vector<double> (*fit_predict)(const LearnerProblem& problem);
};

}  // namespace harmonic
