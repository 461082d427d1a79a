#pragma once

#include <linear.h>

#include <memory>
#include <vector>

#include "engine/learner.h"

namespace harmonic {

/** A model that liblinear has fitted, with an intercept that hardly takes part in the penalty. */
class LinearModel {
 public:
  /** `epsilon`: width of the tube of regression's loss. Reads the parameter C (1). Throws E_INPUT.
   */
  LinearModel(const LearnerProblem& p, int solver, double epsilon);

  /** Classes in liblinear's order: by first appearance, only those that it has seen. */
  const std::vector<int>& labels() const { return labels_; }

  /** Decision values a row: 1 for two classes (positive: the first of labels()), else one a class.
   */
  size_t width() const { return labels_.size() == 2 ? 1 : labels_.size(); }

  /** Shape (m, width()). */
  std::vector<double> decisions(const float* x, size_t m) const;
  /** Probabilities of labels(), shape (m, labels().size()); of logistic regression alone. */
  std::vector<double> probabilities(const float* x, size_t m) const;
  /** Values, shape (m). */
  std::vector<double> predict(const float* x, size_t m) const;

 private:
  struct FreeModel {
    void operator()(model* m) const { free_and_destroy_model(&m); }
  };
  std::unique_ptr<model, FreeModel> model_;
  std::vector<int> labels_;
  size_t d_;
};

}  // namespace harmonic
