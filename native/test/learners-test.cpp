#include "engine/learners.h"

#include <cmath>
#include <cstdint>

#include "engine/lbfgs.h"
#include "test.h"

using namespace harmonic;

namespace {

class Uniform {
 public:
  explicit Uniform(uint32_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) / 16777216.0;
  }

 private:
  uint32_t state_;
};

struct Table {
  std::vector<float> x;
  std::vector<double> y;
};

/** Points of [-1, 1]^2 with the label that `label` gives them. */
template <class Label>
Table make_table(size_t n, uint32_t seed, Label label) {
  Table table;
  Uniform uniform(seed);
  for (size_t i = 0; i < n; i++) {
    const double a = 2 * uniform.next() - 1;
    const double b = 2 * uniform.next() - 1;
    table.x.push_back(static_cast<float>(a));
    table.x.push_back(static_cast<float>(b));
    table.y.push_back(label(a, b));
  }
  return table;
}

LearnerProblem make_problem(const Table& train, const Table& test, size_t n_classes) {
  LearnerProblem p;
  p.task = n_classes == 0 ? Task::regression : Task::classification;
  p.x = train.x.data();
  p.y = train.y.data();
  p.n = train.y.size();
  p.test = test.x.data();
  p.m = test.y.size();
  p.d = 2;
  p.n_classes = n_classes;
  p.seed = 7;
  p.threads = 2;
  return p;
}

/** A support vector machine gives scores, no probabilities. */
bool gives_probabilities(const Learner& learner) {
  return std::string(learner.name).find("svm") == std::string::npos;
}

double accuracy(const std::vector<double>& probabilities, const std::vector<double>& y,
                size_t n_classes) {
  double right = 0;
  for (size_t i = 0; i < y.size(); i++) {
    size_t best = 0;
    for (size_t c = 0; c < n_classes; c++) {
      if (probabilities[i * n_classes + c] > probabilities[i * n_classes + best]) best = c;
    }
    right += static_cast<double>(best) == y[i];
  }
  return right / static_cast<double>(y.size());
}

double straight(double a, double b) { return a + 2 * b > 0.3; }
double three(double a, double b) { return a > 0.2 ? 2 : (b > 0 ? 1 : 0); }
double ring(double a, double b) { return a * a + b * b < 0.5; }

}  // namespace

TEST(learners_tell_two_classes_apart) {
  const auto train = make_table(600, 1, straight);
  const auto test = make_table(300, 2, straight);
  for (const Learner& learner : learners()) {
    CHECK(accuracy(fit_predict(learner.name, make_problem(train, test, 2)), test.y, 2) > 0.93);
  }
}

TEST(learners_tell_three_classes_apart) {
  const auto train = make_table(600, 3, three);
  const auto test = make_table(300, 4, three);
  for (const Learner& learner : learners()) {
    CHECK(accuracy(fit_predict(learner.name, make_problem(train, test, 3)), test.y, 3) > 0.9);
  }
}

TEST(probabilities_add_up_to_one) {
  const auto train = make_table(300, 21, three);
  for (const Learner& learner : learners()) {
    if (!gives_probabilities(learner)) continue;
    const auto p = fit_predict(learner.name, make_problem(train, train, 3));
    for (size_t i = 0; i < 300; i++) CHECK_NEAR(p[3 * i] + p[3 * i + 1] + p[3 * i + 2], 1.0, 1e-5);
  }
}

TEST(trees_and_kernels_learn_what_no_line_can) {
  const auto train = make_table(600, 5, ring);
  const auto test = make_table(300, 6, ring);
  const auto problem = make_problem(train, test, 2);
  for (const char* curved : {"xgboost", "random-forest", "svm-rbf"})
    CHECK(accuracy(fit_predict(curved, problem), test.y, 2) > 0.9);
  for (const char* straight : {"logistic-regression", "svm-linear"})
    CHECK(accuracy(fit_predict(straight, problem), test.y, 2) < 0.75);
}

TEST(linear_regression_recovers_the_line) {
  const auto line = [](double a, double b) { return 1e6 + 3000 * a - 500 * b; };
  const auto train = make_table(500, 7, line);
  const auto test = make_table(100, 8, line);
  const auto values = fit_predict("logistic-regression", make_problem(train, test, 0));
  for (size_t i = 0; i < test.y.size(); i++) CHECK_NEAR(values[i], test.y[i], 20);
}

TEST(a_linear_machine_recovers_the_line_within_its_tube) {
  const auto line = [](double a, double b) { return 1e6 + 3000 * a - 500 * b; };
  const auto train = make_table(500, 7, line);
  const auto test = make_table(100, 8, line);
  const auto values = fit_predict("svm-linear", make_problem(train, test, 0));
  for (size_t i = 0; i < test.y.size(); i++) CHECK_NEAR(values[i], test.y[i], 300);
}

TEST(curved_regression_follows_a_curve) {
  const auto curve = [](double a, double b) { return 100 + 10 * std::sin(3 * a) * b; };
  const auto train = make_table(2000, 9, curve);
  const auto test = make_table(200, 10, curve);
  for (const char* name : {"xgboost", "random-forest", "svm-rbf"}) {
    const auto values = fit_predict(name, make_problem(train, test, 0));
    double squared = 0;
    for (size_t i = 0; i < test.y.size(); i++)
      squared += (values[i] - test.y[i]) * (values[i] - test.y[i]);
    CHECK(std::sqrt(squared / static_cast<double>(test.y.size())) < 1.0);
  }
}

TEST(learners_give_the_same_numbers_again_on_any_number_of_threads) {
  const auto train = make_table(400, 11, three);
  const auto test = make_table(100, 12, three);
  for (const Learner& learner : learners()) {
    auto problem = make_problem(train, test, 3);
    const auto first = fit_predict(learner.name, problem);
    CHECK(fit_predict(learner.name, problem) == first);
    problem.threads = 1;
    CHECK(fit_predict(learner.name, problem) == first);
  }
}

TEST(learners_take_classes_that_the_rows_do_not_show) {
  auto train = make_table(200, 13, straight);
  for (double& y : train.y) y = y == 0 ? 3 : 1;  // of four classes only 1 and 3
  const auto test = make_table(50, 14, straight);
  for (const Learner& learner : learners()) {
    const auto p = fit_predict(learner.name, make_problem(train, test, 4));
    for (size_t i = 0; i < 50; i++) CHECK(p[4 * i + 1] + p[4 * i + 3] > p[4 * i] + p[4 * i + 2]);
  }
}

TEST(one_class_alone_is_certain) {
  auto train = make_table(20, 15, straight);
  for (double& y : train.y) y = 1;
  const auto p = fit_predict("xgboost", make_problem(train, train, 3));
  CHECK_EQUAL(p[1], 1.0);
  CHECK_EQUAL(p[0] + p[2], 0.0);
}

TEST(a_forest_of_one_shallow_tree_is_a_step) {
  const auto train = make_table(400, 17, [](double a, double) { return a > 0.25; });
  const auto test = make_table(100, 18, [](double a, double) { return a > 0.25; });
  auto problem = make_problem(train, test, 2);
  problem.parameters = {{"trees", 1}, {"depth", 1}, {"features", 1}};
  CHECK(accuracy(fit_predict("random-forest", problem), test.y, 2) > 0.97);
  problem.parameters["minSplit"] = 1000;  // more rows than there are: no split, one leaf for all
  const auto p = fit_predict("random-forest", problem);
  for (size_t i = 2; i < p.size(); i++) CHECK_EQUAL(p[i], p[i - 2]);
}

TEST(learners_refuse_what_they_cannot_fit) {
  auto train = make_table(20, 16, straight);
  auto problem = make_problem(train, train, 2);
  CHECK_REFUSED("E_INPUT", "expected one of logistic-regression, svm-rbf",
                fit_predict("oracle", problem));
  problem.parameters = {{"depht", 3}};
  CHECK_REFUSED("E_INPUT", "no parameter depht", fit_predict("xgboost", problem));
  problem.parameters = {{"C", -1}};
  CHECK_REFUSED("E_INPUT", "expected a positive number for `C`",
                fit_predict("logistic-regression", problem));
  problem.parameters.clear();
  train.y[4] = 2;
  CHECK_REFUSED("E_INPUT", "row 4 of `y`", fit_predict("xgboost", problem));
  train.y[4] = 1;
  train.x[7] = NAN;
  CHECK_REFUSED("E_INPUT", "row 3, column 1", fit_predict("xgboost", problem));
}

TEST(minimise_finds_the_lowest_point_of_a_narrow_valley) {
  const Objective valley = [](const std::vector<double>& x, std::vector<double>& gradient) {
    const double a = x[0] - 3;
    const double b = x[0] + x[1] - 1;
    gradient = {2 * a + 2000 * b, 2000 * b};
    return a * a + 1000 * b * b;
  };
  const auto lowest = minimise(valley, {0, 0}, {1e-8, 200, 10});
  CHECK_NEAR(lowest[0], 3, 1e-6);
  CHECK_NEAR(lowest[1], -2, 1e-6);
}
