#include <linear.h>

#include <vector>

#include "engine/linear-model.h"
#include "engine/svm-scores.h"
#include "engine/svm.h"

namespace harmonic {
namespace {

std::vector<double> fit_predict_linear_svm(const LearnerProblem& p) {
  const bool regression = p.task == Task::regression;
  const LinearModel fitted(p, regression ? L2R_L2LOSS_SVR : L2R_L2LOSS_SVC,
                           regression ? p.parameter("epsilon", 0.1) : 0.0);
  if (regression) return fitted.predict(p.test, p.m);
  const std::vector<int>& labels = fitted.labels();
  const std::vector<double> values = fitted.decisions(p.test, p.m);
  const size_t width = fitted.width();
  std::vector<double> scores(p.m * p.n_classes, kNeverSeen);
  for (size_t i = 0; i < p.m; i++) {
    double* out = scores.data() + i * p.n_classes;
    if (width == 1) {
      out[labels[0]] = values[i];
      out[labels[1]] = -values[i];
    } else {
      for (size_t c = 0; c < labels.size(); c++) out[labels[c]] = values[i * width + c];
    }
  }
  return scores;
}

}  // namespace

Learner svm_linear() { return {"svm-linear", {"C", "epsilon"}, fit_predict_linear_svm}; }

}  // namespace harmonic
