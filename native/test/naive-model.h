#pragma once
#include <map>
#include <string>
#include <vector>

#include "engine/adapter.h"
#include "engine/gguf-file.h"
#include "engine/train-batch.h"
#include "engine/weights.h"

namespace harmonic::test {

/**
 * The model as its formulas say, in plain loops of double precision over one token after another:
 * no graph, no packing, no library. What the trainer computes fast must agree with it.
 */
class NaiveModel {
 public:
  /** Over an F32 base; the adapter's matrices are looked at in each call, so that a test may change
   * them. */
  NaiveModel(const std::string& path, const Adapter& adapter, double scale);

  /**
   * Loss of each position of the batch, natural log. `vocabulary` and `allowed_sets` as in
   * TrainerOptions; both empty: every id.
   */
  std::vector<double> losses(const TrainBatch& batch, const std::vector<int32_t>& vocabulary,
                             const std::vector<uint8_t>& allowed_sets) const;

 private:
  using Vector = std::vector<double>;

  const std::vector<float>& tensor(const std::string& name) const { return tensors_.at(name); }
  // W x (+ bias) + scale B A x
  Vector project(const std::string& name, const Vector& x) const;
  Vector norm(const Vector& x, const std::string& gain) const;
  void rotate(double* head, int position) const;
  // The hidden states after the last norm, of a group on its own.
  std::vector<Vector> hidden(const int32_t* tokens, int n) const;
  std::vector<Vector> attend(const std::vector<Vector>& in, const std::string& block) const;

  Hyperparameters hp_;
  std::map<std::string, std::vector<float>> tensors_;
  const Adapter& adapter_;
  double scale_;
};

}  // namespace harmonic::test
