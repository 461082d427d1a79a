#include "engine/learners.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"
#include "engine/finite.h"
#include "engine/logistic.h"
#include "engine/random-forest.h"
#include "engine/svm.h"
#include "engine/xgboost.h"

namespace harmonic {
namespace {

const Learner& find(const std::string& name) {
  std::string names;
  for (const Learner& learner : learners()) {
    if (name == learner.name) return learner;
    names += (names.empty() ? "" : ", ") + std::string(learner.name);
  }
  throw Error("E_INPUT", "expected one of " + names + " for `learner` but received " + name);
}

void check(const Learner& learner, const LearnerProblem& p) {
  if (p.n == 0) throw Error("E_INPUT", "expected at least one row to learn from but received 0");
  if (p.d == 0)
    throw Error("E_INPUT", "expected at least one feature to learn from but received 0");
  if (p.task == Task::classification && p.n_classes < 2) {
    throw Error("E_INPUT",
                "expected at least 2 classes but received " + std::to_string(p.n_classes));
  }
  check_finite(p.x, p.n, p.d, "x");
  check_finite(p.test, p.m, p.d, "test");
  for (size_t i = 0; i < p.n; i++) {
    const double y = p.y[i];
    const bool valid = p.task == Task::regression
                           ? std::isfinite(y)
                           : y >= 0 && y < static_cast<double>(p.n_classes) && y == std::floor(y);
    if (!valid) {
      throw Error("E_INPUT",
                  "expected a " +
                      std::string(p.task == Task::regression ? "finite value" : "class index") +
                      " in row " + std::to_string(i) + " of `y` but received " + std::to_string(y));
    }
  }
  for (const auto& parameter : p.parameters) {
    const auto& known = learner.parameters;
    if (std::none_of(known.begin(), known.end(),
                     [&](const char* name) { return parameter.first == name; })) {
      throw Error("E_INPUT",
                  "learner " + std::string(learner.name) + " has no parameter " + parameter.first);
    }
    if (!std::isfinite(parameter.second) || parameter.second <= 0) {
      throw Error("E_INPUT", "expected a positive number for `" + parameter.first +
                                 "` but received " + std::to_string(parameter.second));
    }
  }
}

// Values of mean 0 and deviation 1 make a learner's tolerance and penalty mean the same for every
// table.
std::vector<double> regress_scaled(const Learner& learner, LearnerProblem p) {
  double mean = 0;
  for (size_t i = 0; i < p.n; i++) mean += p.y[i] / static_cast<double>(p.n);
  double variance = 0;
  for (size_t i = 0; i < p.n; i++)
    variance += (p.y[i] - mean) * (p.y[i] - mean) / static_cast<double>(p.n);
  const double deviation = std::sqrt(variance);
  std::vector<double> scaled(p.n);
  for (size_t i = 0; i < p.n; i++) scaled[i] = (p.y[i] - mean) / deviation;
  p.y = scaled.data();
  std::vector<double> values = learner.fit_predict(p);
  for (double& value : values) value = mean + deviation * value;
  return values;
}

}  // namespace

const std::vector<Learner>& learners() {
  static const std::vector<Learner> all = {logistic_regression(), svm_rbf(), svm_linear(),
                                           random_forest(), xgboost()};
  return all;
}

std::vector<double> fit_predict(const std::string& name, const LearnerProblem& p) {
  const Learner& learner = find(name);
  check(learner, p);
  const bool constant = std::all_of(p.y, p.y + p.n, [&](double y) { return y == p.y[0]; });
  if (p.task == Task::regression) {
    return constant ? std::vector<double>(p.m, p.y[0]) : regress_scaled(learner, p);
  }
  if (!constant) return learner.fit_predict(p);
  std::vector<double> probabilities(p.m * p.n_classes, 0.0);
  for (size_t i = 0; i < p.m; i++)
    probabilities[i * p.n_classes + static_cast<size_t>(p.y[0])] = 1.0;
  return probabilities;
}

}  // namespace harmonic
