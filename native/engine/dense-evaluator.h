#pragma once
#include <memory>
#include <vector>

#include "engine/evaluator.h"
#include "engine/lane-cache.h"
#include "engine/lane-model.h"
#include "engine/rotary.h"

namespace harmonic {

/**
 * Evaluates small models for hundreds of rows in lock-step: the token of each row is a lane of
 * registers, in which it passes all layers, and the head computes the logits of the next column
 * alone. All is in F32, but the factors of the blocks' products may be rounded to 16 bits. What it
 * gives does not depend on the number of threads.
 */
class DenseEvaluator final : public Evaluator {
 public:
  DenseEvaluator(std::shared_ptr<const LaneModel> model, const EvaluatorOptions& options);
  ~DenseEvaluator() override;

  void clear() override;
  void remove(int sequence, int from) override;
  void copy(int from, int to) override;
  void copy_to_all(int from, const std::vector<int>& to) override;
  void evaluate(Batch& batch) override;
  const float* logits(int index) override { return logits_.data() + row_of_[index] * n_logits_; }
  int n_logits() const override { return static_cast<int>(n_logits_); }
  bool is_ragged() const override { return true; }
  double batch_cost() const override { return 0; }
  int place(int32_t token, int32_t column) const override;

 private:
  /** Tokens that are evaluated together, at most one a lane. */
  struct Tile {
    int block = -1;  // whose sequences the lanes are; -1: any tokens in any lane
    int n_lanes = 0;
    int tokens[kLanes];  // index in the batch, -1 none
    int position = -1;   // where all lanes in use are those of their sequences, at one position: it
  };
  struct Scratch;

  void share_tokens(const Batch& batch);
  void place_tokens(const Batch& batch);
  void evaluate_tile(const Batch& batch, const Tile& tile, Scratch& scratch);
  void attend(const Tile& tile, const Batch& batch, int layer, Scratch& scratch);
  void project(const Tile& tile, const Batch& batch, int layer, Scratch& scratch);
  LaneInput input_of(const AlignedFloats& x, int width, int n_lanes, Scratch& scratch) const;
  void prepare_heads(const std::vector<float>& gain, int n_heads, int n_lanes,
                     const Scratch& scratch, float* x) const;
  void predict(const Tile& tile, const Batch& batch, Scratch& scratch);
  size_t head_of(int32_t column) const;

  const std::shared_ptr<const LaneModel> model_;
  const bool halves_;  // products of blocks are of pairs in BF16; the head's are in F32
  const std::function<bool()> aborted_;
  LaneCache cache_;
  RotaryTable rotary_;
  std::vector<std::vector<int32_t>> vocabularies_;  // of each head
  std::vector<LaneMatrix> heads_;
  size_t n_logits_ = 0;                              // of the largest head
  std::vector<std::unique_ptr<Scratch>> scratches_;  // one a thread
  std::vector<int64_t> held_;  // by sequence: those with equal numbers hold the same tokens
  int64_t last_held_ = 0;
  bool sharing_ = true;         // since clear() rows had enough in common
  std::vector<int> evaluated_;  // tokens of the batch whose results are computed, ascending
  std::vector<LaneCache::Copy> copies_;
  std::vector<int> same_as_;  // of each token of the batch the one whose results it has
  std::vector<Tile> tiles_;   // of the batch, those of a block one after another
  bool blocked_ = false;      // every lane is its token's sequence
  std::vector<int> rounds_, counts_;
  std::vector<size_t> row_of_;  // of the last batch: row of the logits of each token
  std::vector<float> logits_;   // shape (outputs, n_logits)
};

}  // namespace harmonic
