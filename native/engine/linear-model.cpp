#include "engine/linear-model.h"

#include "engine/error.h"
#include "engine/sparse-rows.h"

namespace harmonic {
namespace {

// liblinear 2.3 penalises the weight of the constant feature; a large constant makes that weight,
// and with it the penalty, small (intercept = kBias * weight).
constexpr double kBias = 100.0;
constexpr double kTolerance = 1e-4;

void print_nothing(const char*) {}

}  // namespace

LinearModel::LinearModel(const LearnerProblem& p, int solver, double epsilon) : d_(p.d) {
  set_print_string_function(print_nothing);
  SparseRows<feature_node> rows(p.x, p.n, p.d, kBias);
  std::vector<double> y(p.y, p.y + p.n);
  problem data{};
  data.l = static_cast<int>(p.n);
  data.n = static_cast<int>(p.d + 1);
  data.y = y.data();
  data.x = rows.rows();
  data.bias = kBias;
  parameter settings{};
  settings.solver_type = solver;
  settings.C = p.parameter("C", 1.0);
  settings.p = epsilon;
  settings.eps = kTolerance;
  if (const char* problem_found = check_parameter(&data, &settings))
    throw Error("E_INPUT", problem_found);
  model_.reset(train(&data, &settings));
  if (p.task == Task::classification) {
    labels_.resize(get_nr_class(model_.get()));
    get_labels(model_.get(), labels_.data());
  }
}

std::vector<double> LinearModel::decisions(const float* x, size_t m) const {
  SparseRows<feature_node> rows(x, m, d_, kBias);
  std::vector<double> values(m * width());
  for (size_t i = 0; i < m; i++)
    predict_values(model_.get(), rows.rows()[i], values.data() + i * width());
  return values;
}

std::vector<double> LinearModel::probabilities(const float* x, size_t m) const {
  SparseRows<feature_node> rows(x, m, d_, kBias);
  std::vector<double> values(m * labels_.size());
  for (size_t i = 0; i < m; i++)
    predict_probability(model_.get(), rows.rows()[i], values.data() + i * labels_.size());
  return values;
}

std::vector<double> LinearModel::predict(const float* x, size_t m) const {
  SparseRows<feature_node> rows(x, m, d_, kBias);
  std::vector<double> values(m);
  for (size_t i = 0; i < m; i++) values[i] = ::predict(model_.get(), rows.rows()[i]);
  return values;
}

}  // namespace harmonic
