#include <svm.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/error.h"
#include "engine/sparse-rows.h"
#include "engine/svm-scores.h"
#include "engine/svm.h"

namespace harmonic {
namespace {

constexpr double kTolerance = 1e-3;
constexpr double kCacheMegabytes = 256;

struct FreeModel {
  void operator()(svm_model* m) const { svm_free_and_destroy_model(&m); }
};

void print_nothing(const char*) {}

/** 1 / (d * variance over all cells), scikit-learn's "scale". */
double default_gamma(const LearnerProblem& p) {
  const size_t cells = p.n * p.d;
  double mean = 0;
  for (size_t i = 0; i < cells; i++) mean += p.x[i] / static_cast<double>(cells);
  double variance = 0;
  for (size_t i = 0; i < cells; i++)
    variance += (p.x[i] - mean) * (p.x[i] - mean) / static_cast<double>(cells);
  return 1.0 / (static_cast<double>(p.d) * (variance > 0 ? variance : 1.0));
}

std::vector<double> fit_predict_rbf(const LearnerProblem& p) {
  svm_set_print_string_function(print_nothing);
  SparseRows<svm_node> rows(p.x, p.n, p.d);
  std::vector<double> y(p.y, p.y + p.n);
  svm_problem data{static_cast<int>(p.n), y.data(), rows.rows()};
  svm_parameter settings{};
  settings.svm_type = p.task == Task::classification ? C_SVC : EPSILON_SVR;
  settings.kernel_type = RBF;
  settings.gamma = p.parameter("gamma", default_gamma(p));
  settings.C = p.parameter("C", 1.0);
  settings.p = p.parameter("epsilon", 0.1);
  settings.eps = kTolerance;
  settings.cache_size = kCacheMegabytes;
  settings.shrinking = 1;
  if (const char* problem_found = svm_check_parameter(&data, &settings))
    throw Error("E_INPUT", problem_found);
  const std::unique_ptr<svm_model, FreeModel> fitted(svm_train(&data, &settings));

  SparseRows<svm_node> test(p.test, p.m, p.d);
  if (p.task == Task::regression) {
    std::vector<double> values(p.m);
    for (size_t i = 0; i < p.m; i++) values[i] = svm_predict(fitted.get(), test.row(i));
    return values;
  }
  const int seen = svm_get_nr_class(fitted.get());
  std::vector<int> labels(seen);
  svm_get_labels(fitted.get(), labels.data());
  std::vector<double> pairs(static_cast<size_t>(seen) * (seen - 1) / 2);
  std::vector<double> scores(p.m * p.n_classes, kNeverSeen);
  for (size_t i = 0; i < p.m; i++) {
    svm_predict_values(fitted.get(), test.row(i), pairs.data());
    scores_of_pairs(pairs, labels, scores.data() + i * p.n_classes);
  }
  return scores;
}

}  // namespace

Learner svm_rbf() { return {"svm-rbf", {"C", "gamma", "epsilon"}, fit_predict_rbf}; }

}  // namespace harmonic
