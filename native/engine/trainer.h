#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/adapter.h"
#include "engine/attention.h"
#include "engine/cpu.h"
#include "engine/train-batch.h"
#include "engine/train-ops.h"
#include "engine/weights.h"

namespace harmonic {

struct TrainerOptions {
  std::string path;
  AdapterOptions adapter;
  ggml_type weights = GGML_TYPE_BF16;
  int threads = 1;
  // keeps each block's input alone for the backward pass, which computes the block again: less
  // memory, a third more work, the same result
  bool recompute = false;
  // ids that carry loss, ascending; empty: the full vocabulary
  std::vector<int32_t> vocabulary;
  // shape (sets, vocabulary.size()); empty: every id is allowed everywhere
  std::vector<uint8_t> allowed_sets;
};

// Trains a LoRA adapter on a frozen llama-family model. The graph, forward and backward, is written
// out in trainer.cpp block by block; nothing is differentiated automatically.
class Trainer {
 public:
  explicit Trainer(const TrainerOptions& options);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Forward and backward; adds to the gradients. Returns the loss of each position (natural log),
  // shape (R).
  std::vector<float> accumulate(const TrainBatch& batch);
  // Forward alone.
  std::vector<float> evaluate(const TrainBatch& batch);
  double update(const AdamWOptions& options);
  std::vector<char> state();
  void set_state(const std::vector<char>& state);
  void save_adapter(const std::string& path, const std::map<std::string, std::string>& metadata);

  // Ends a running pass, and every later one, with E_ABORTED; the weights stay those of the last
  // update.
  void abort() { aborted_ = true; }

  // Not synchronised: for tests and for what never changes.
  const Adapter& adapter() const { return *adapter_; }
  const Hyperparameters& hyperparameters() const { return weights_->hp; }

 private:
  std::vector<float> run(const TrainBatch& batch, bool backward);
  void check(const TrainBatch& batch, bool backward) const;
  // ids that the head gives a logit
  int64_t n_head_ids() const { return weights_->head.forward->ne[1]; }

  TrainerOptions options_;
  std::mutex mutex_;
  std::atomic<bool> aborted_{false};
  Cpu cpu_;
  ggml_gallocr_t allocator_ = nullptr;
  std::unique_ptr<Weights> weights_;
  std::unique_ptr<Adapter> adapter_;
  std::unique_ptr<GroupAttention> attention_;
};

}  // namespace harmonic
