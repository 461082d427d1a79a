#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/dense-head.h"
#include "engine/dense-model.h"
#include "engine/dense-pass.h"
#include "engine/next-columns.h"
#include "engine/parameters.h"
#include "engine/token-features.h"
#include "engine/train-batch.h"
#include "engine/training.h"

namespace harmonic {

struct FullTrainerOptions {
  std::string path;
  // of what attention and feed-forward add to the residual, while training
  float dropout = 0;
  int threads = 1;
  // ids that carry loss, ascending; empty: the full vocabulary
  std::vector<int32_t> vocabulary;
  // indices into it that are allowed at some positions
  LabelSets allowed_sets;
  // to be learned; where there are none those of the file, if it has some
  NextColumns columns;
  // Learned projections of these are added to the rows of the embedding and of the output matrix.
  TokenFeatures features;
  // what an update keeps of an average of the weights, which evaluate() and save() then use; 0:
  // there is none
  float average_decay = 0;
  // Training passes round the factors of the blocks' products to BF16 where the processor
  // multiplies those faster.
  bool half_products = true;
};

// Trains all weights of a small llama-family model; they, their gradients and all sums are F32. A
// batch is shared out to threads by
// its groups: each takes its part forward and backward on its own, a piece at a time that stays in
// its cache, into gradients of its own; so threads meet once a batch. Where copies of the gradients
// would take too much memory fewer threads have one and the others help with its products.
class FullTrainer final : public Training {
 public:
  explicit FullTrainer(const FullTrainerOptions& options);
  FullTrainer(const FullTrainer&) = delete;
  FullTrainer& operator=(const FullTrainer&) = delete;

  std::vector<float> accumulate(const TrainBatch& batch) override;
  std::vector<float> evaluate(const TrainBatch& batch) override;
  double update(const AdamWOptions& options) override;
  std::vector<char> state() override;
  void set_state(const std::vector<char>& state) override;
  // A GGUF of its own, with all metadata of the one it began as. Features are folded into the
  // matrices, and the columns of the natural order into the embedding, beside which they stay.
  void save(const std::string& path, const std::map<std::string, std::string>& metadata,
            const std::string& type) override;
  size_t n_parameters() const override { return parameters_.size(); }
  void abort() override { aborted_ = true; }

  // Not synchronised: for tests and for what never changes.
  const Parameters& parameters() const { return parameters_; }
  // Adds the gradients of all threads up, into those of the parameters.
  void gather();
  // To be called after values of parameters were changed from outside.
  void refresh();

 private:
  // Groups that one thread takes, in pieces.
  struct Share {
    std::vector<int64_t> pieces;  // first group of each, and the end
  };

  std::vector<float> run(const TrainBatch& batch, bool backward);
  // The weights that evaluate() and save() use, laid out as the model's values.
  const float* kept_weights();
  void check(const TrainBatch& batch, bool backward) const;
  std::vector<Share> shares(const TrainBatch& batch) const;
  std::vector<float> rope_factors() const;

  std::mutex mutex_;
  std::atomic<bool> aborted_{false};
  GgufFile file_;
  FullTrainerOptions options_;
  DenseModel model_;
  // where there are features: embedding and output matrix without them
  std::vector<float> plain_;
  std::vector<float> averaged_;  // like model_.values; empty: to be computed
  DenseHead head_;
  std::vector<std::vector<float>> gradients_;  // one a worker, like model_.values
  Parameters parameters_;
  int threads_each_;  // of a worker
  std::vector<std::unique_ptr<DensePass>> passes_;
};

}  // namespace harmonic
