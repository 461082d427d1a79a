#pragma once
#include <map>
#include <vector>

#include "engine/device-model.h"
#include "engine/evaluator.h"

namespace harmonic {

/**
 * The rows of a model's head that a table's tokens have, on a device, and where each token's logit
 * lies among those of a batch. Where they are many, as of tables' models, a batch has the logits of
 * the columns alone that its rows go on with, one behind another.
 */
class DeviceHead {
 public:
  /** Throws Error E_MODEL where the model is of a table of another number of columns. */
  DeviceHead(const DeviceModel& model, const DeviceBackend& backend,
             const EvaluatorOptions& options);

  ggml_tensor* rows() const { return rows_; }  // [n_embd, n]
  bool is_by_column() const { return !columns_.empty(); }
  int n_logits() const { return n_logits_; }
  /** As Evaluator::place. */
  int place(int32_t token, int32_t column) const;

  /** What a batch asks for. */
  struct Choice {
    std::vector<int32_t> rows;       // of the head, padded to a size of few; empty: all
    std::map<size_t, size_t> begin;  // of each column's logits among these
  };
  /** The columns behind the tokens whose logits are wanted. */
  Choice choose(const std::vector<int32_t>& columns) const;
  /** Where the logits behind a token of this column begin. */
  size_t begin(const Choice& choice, int32_t column) const;

 private:
  size_t index_of(int32_t column) const;
  void cut(const DeviceModel& model, const DeviceBackend& backend);

  std::vector<int32_t> vocabulary_;            // empty: all ids
  std::vector<std::vector<int32_t>> columns_;  // ids of each; empty: all rows at all times
  int n_logits_;
  TensorStore store_;
  ggml_tensor* rows_;
};

}  // namespace harmonic
