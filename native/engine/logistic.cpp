#include "engine/logistic.h"

#include <vector>

#include "engine/linear-model.h"
#include "engine/multinomial.h"

namespace harmonic {
namespace {

std::vector<double> classify(const LearnerProblem& p) {
  const LinearModel fitted(p, L2R_LR, 0.0);
  const std::vector<int>& labels = fitted.labels();
  const std::vector<double> estimates = fitted.probabilities(p.test, p.m);
  std::vector<double> probabilities(p.m * p.n_classes, 0.0);
  for (size_t i = 0; i < p.m; i++) {
    for (size_t c = 0; c < labels.size(); c++)
      probabilities[i * p.n_classes + labels[c]] = estimates[i * labels.size() + c];
  }
  return probabilities;
}

std::vector<double> fit_predict_linear(const LearnerProblem& p) {
  if (p.task == Task::regression) return LinearModel(p, L2R_L2LOSS_SVR, 0.0).predict(p.test, p.m);
  return p.n_classes > 2 ? fit_predict_multinomial(p) : classify(p);
}

}  // namespace

Learner logistic_regression() { return {"logistic-regression", {"C"}, fit_predict_linear}; }

}  // namespace harmonic
