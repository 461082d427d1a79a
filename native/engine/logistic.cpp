#include "engine/logistic.h"

#include <linear.h>

#include <memory>
#include <vector>

#include "engine/error.h"
#include "engine/multinomial.h"
#include "engine/sparse-rows.h"

namespace harmonic {
namespace {

// liblinear 2.3 penalises the weight of the constant feature; a large constant makes that weight,
// and with it the penalty, small (intercept = kBias * weight).
constexpr double kBias = 100.0;
constexpr double kTolerance = 1e-4;

struct FreeModel {
  void operator()(model* m) const { free_and_destroy_model(&m); }
};
using Model = std::unique_ptr<model, FreeModel>;

void print_nothing(const char*) {}

Model fit(const LearnerProblem& p, SparseRows& rows, std::vector<double>& y) {
  set_print_string_function(print_nothing);
  problem data{};
  data.l = static_cast<int>(p.n);
  data.n = static_cast<int>(p.d + 1);
  data.y = y.data();
  data.x = rows.rows();
  data.bias = kBias;
  parameter settings{};
  settings.solver_type = p.task == Task::classification ? L2R_LR : L2R_L2LOSS_SVR;
  settings.C = p.parameter("C", 1.0);
  settings.eps = kTolerance;
  if (const char* problem_found = check_parameter(&data, &settings))
    throw Error("E_INPUT", problem_found);
  return Model(train(&data, &settings));
}

std::vector<double> classify(const LearnerProblem& p) {
  SparseRows rows(p.x, p.n, p.d, kBias);
  std::vector<double> y(p.y, p.y + p.n);
  const Model fitted = fit(p, rows, y);

  // liblinear numbers classes by first appearance and knows only those that it has seen.
  std::vector<int> labels(get_nr_class(fitted.get()));
  get_labels(fitted.get(), labels.data());
  SparseRows test(p.test, p.m, p.d, kBias);
  std::vector<double> estimates(labels.size());
  std::vector<double> probabilities(p.m * p.n_classes, 0.0);
  for (size_t i = 0; i < p.m; i++) {
    predict_probability(fitted.get(), test.rows()[i], estimates.data());
    for (size_t c = 0; c < labels.size(); c++)
      probabilities[i * p.n_classes + labels[c]] = estimates[c];
  }
  return probabilities;
}

std::vector<double> regress(const LearnerProblem& p) {
  SparseRows rows(p.x, p.n, p.d, kBias);
  std::vector<double> y(p.y, p.y + p.n);
  const Model fitted = fit(p, rows, y);
  SparseRows test(p.test, p.m, p.d, kBias);
  std::vector<double> values(p.m);
  for (size_t i = 0; i < p.m; i++) values[i] = predict(fitted.get(), test.rows()[i]);
  return values;
}

std::vector<double> fit_predict_linear(const LearnerProblem& p) {
  if (p.task == Task::regression) return regress(p);
  return p.n_classes > 2 ? fit_predict_multinomial(p) : classify(p);
}

}  // namespace

Learner logistic_regression() { return {"logistic-regression", {"C"}, fit_predict_linear}; }

}  // namespace harmonic
