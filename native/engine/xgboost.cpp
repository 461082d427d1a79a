#include "engine/xgboost.h"

#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/error.h"

namespace harmonic {
namespace {

void check(int status) {
  if (status != 0) throw Error("E_NATIVE", "XGBoost failed: " + std::string(XGBGetLastError()));
}

struct FreeMatrix {
  void operator()(void* handle) const { XGDMatrixFree(handle); }
};
struct FreeBooster {
  void operator()(void* handle) const { XGBoosterFree(handle); }
};
using Matrix = std::unique_ptr<void, FreeMatrix>;
using Booster = std::unique_ptr<void, FreeBooster>;

Matrix make_matrix(const float* x, size_t rows, size_t d, int threads) {
  DMatrixHandle handle = nullptr;
  check(XGDMatrixCreateFromMat_omp(x, rows, d, std::numeric_limits<float>::quiet_NaN(), &handle,
                                   threads));
  return Matrix(handle);
}

/**
 * A second thread saves a third of the time on an idle machine, but XGBoost's threads meet at
 * thousands of barriers, where they spin: with other work on the cores two threads took 20 times as
 * long as one. Only large tables get more.
 */
int useful_threads(const LearnerProblem& p) {
  constexpr size_t kCellsPerThread = 10000000;
  return static_cast<int>(
      std::min<size_t>(std::max(1, p.threads), 1 + p.n * p.d / kCellsPerThread));
}

const char* objective(const LearnerProblem& p) {
  if (p.task == Task::regression) return "reg:squarederror";
  return p.n_classes == 2 ? "binary:logistic" : "multi:softprob";
}

// What XGBoost 2 starts from by itself: of two classes one Newton step from even odds, of values
// the mean; softprob from equal odds.
double base_score(const LearnerProblem& p) {
  if (p.task == Task::regression) return 0.0;
  if (p.n_classes > 2) return 0.5;
  double mean = 0;
  for (size_t i = 0; i < p.n; i++) mean += p.y[i] / static_cast<double>(p.n);
  return 1 / (1 + std::exp(-4 * (mean - 0.5)));
}

Booster make_booster(const LearnerProblem& p, const Matrix& data) {
  BoosterHandle handle = nullptr;
  const DMatrixHandle matrices[] = {data.get()};
  check(XGBoosterCreate(matrices, 1, &handle));
  Booster booster(handle);
  const auto set = [&](const char* name, const std::string& value) {
    check(XGBoosterSetParam(handle, name, value.c_str()));
  };
  set("verbosity", "0");
  set("objective", objective(p));
  if (p.task == Task::classification && p.n_classes > 2)
    set("num_class", std::to_string(p.n_classes));
  set("tree_method", "hist");
  set("max_depth", std::to_string(static_cast<int>(p.parameter("depth", 5))));
  set("eta", std::to_string(p.parameter("learningRate", 0.1)));
  set("base_score", std::to_string(base_score(p)));
  set("seed", std::to_string(p.seed % 2147483647));
  set("nthread", std::to_string(useful_threads(p)));
  return booster;
}

std::vector<double> fit_predict_trees(const LearnerProblem& p) {
  check(XGBSetGlobalConfig("{\"verbosity\": 0}"));
  const Matrix train = make_matrix(p.x, p.n, p.d, p.threads);
  const std::vector<float> labels(p.y, p.y + p.n);
  check(XGDMatrixSetFloatInfo(train.get(), "label", labels.data(), labels.size()));
  const Booster booster = make_booster(p, train);
  const int rounds = static_cast<int>(p.parameter("rounds", 100));
  for (int round = 0; round < rounds; round++)
    check(XGBoosterUpdateOneIter(booster.get(), round, train.get()));

  const size_t width = p.task == Task::regression ? 1 : p.n_classes;
  std::vector<double> result(p.m * width);
  if (p.m == 0) return result;
  const Matrix test = make_matrix(p.test, p.m, p.d, p.threads);
  const char* settings =
      "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, "
      "\"strict_shape\": true}";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* values = nullptr;
  check(XGBoosterPredictFromDMatrix(booster.get(), test.get(), settings, &shape, &dimensions,
                                    &values));

  const bool binary = p.task == Task::classification && p.n_classes == 2;
  for (size_t i = 0; i < p.m * (binary ? 1 : width); i++) {
    if (binary) {
      result[2 * i] = 1.0 - static_cast<double>(values[i]);
      result[2 * i + 1] = values[i];
    } else {
      result[i] = values[i];
    }
  }
  return result;
}

}  // namespace

Learner xgboost() { return {"xgboost", {"rounds", "depth", "learningRate"}, fit_predict_trees}; }

}  // namespace harmonic
