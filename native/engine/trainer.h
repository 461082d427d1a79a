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
#include "engine/device-runner.h"
#include "engine/padded-batch.h"
#include "engine/train-batch.h"
#include "engine/train-ops.h"
#include "engine/training.h"
#include "engine/weights.h"

namespace harmonic {

struct TrainerOptions {
  std::string path;
  std::string merged;  // a finished LoRA that the frozen weights hold; empty: none
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
  // ggml's name of the device that computes; empty: the CPU
  std::string device;
  // the first ones alone, as of a smaller model; 0: all
  int layers = 0;
  // shapes alone: nothing is read or held, and memory() is all that can be asked
  bool measured = false;
};

// Bytes that a training pass takes, by what for; of the device's memory where one computes.
struct TrainerMemory {
  size_t weights;  // frozen
  size_t reading;  // beside them while they are read, before anything else is there
  size_t adapter;  // with its gradients and moments
  size_t graph;    // activations
  size_t work;     // of single operations
};

// Trains a LoRA adapter on a frozen llama-family model. The graph, forward and backward, is written
// out in trainer.cpp block by block; nothing is differentiated automatically.
class Trainer final : public Training {
 public:
  explicit Trainer(const TrainerOptions& options);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  std::vector<float> accumulate(const TrainBatch& batch) override;
  std::vector<float> evaluate(const TrainBatch& batch) override;
  double update(const AdamWOptions& options) override;
  std::vector<char> state() override;
  void set_state(const std::vector<char>& state) override;
  // The adapter; it has no `type`.
  void save(const std::string& path, const std::map<std::string, std::string>& metadata,
            const std::string& = "") override;
  size_t n_parameters() const override { return adapter_->n_parameters(); }
  void abort() override { aborted_ = true; }
  std::vector<std::string> on_cpu() override;
  // Of a micro-batch of n tokens, the longest group of which has `longest`; all may be under loss.
  // A device computes every group as long as the longest, and n counts them so.
  TrainerMemory memory(int64_t n, int64_t longest);

  // Not synchronised: for tests and for what never changes.
  const Adapter& adapter() const { return *adapter_; }
  int n_vocabulary() const { return weights_->hp.n_vocab; }

 private:
  // The graph of micro-batches of one shape; its inputs are filled once it has memory.
  struct Pass {
    BatchShape shape = {};
    bool backward = false;
    std::unique_ptr<ggml_context, void (*)(ggml_context*)> context{nullptr, ggml_free};
    ggml_cgraph* graph = nullptr;
    ggml_tensor *tokens = nullptr, *positions = nullptr;
    int64_t chunk = 0;  // positions of each task but the last
    std::vector<LossTask> tasks;
    std::vector<float> losses;
    std::unique_ptr<TrainOps> ops;
  };
  Pass build(const BatchShape& shape, bool backward);
  // What is told and compared of a batch, which outlives the pass's computation.
  void aim(Pass& pass, const TrainBatch& batch) const;
  // The pass for a shape, with memory: the one before where it is of that shape, so that a backend
  // that records what it does (CUDA) can play it again.
  Pass& placed(const BatchShape& shape, bool backward);
  std::vector<float> run(const TrainBatch& batch, bool backward);
  // A batch of that shape.
  std::vector<float> run(const TrainBatch& batch, const BatchShape& shape, bool backward);
  void check(const TrainBatch& batch, bool backward) const;
  // ids that the head gives a logit
  int64_t n_head_ids() const { return weights_->head.forward->ne[1]; }

  TrainerOptions options_;
  std::mutex mutex_;
  std::atomic<bool> aborted_{false};
  Cpu cpu_;
  std::unique_ptr<DeviceRunner> device_;  // null: the CPU
  ggml_gallocr_t allocator_ = nullptr;
  std::unique_ptr<Weights> weights_;
  std::unique_ptr<Adapter> adapter_;
  std::unique_ptr<GroupAttention> attention_;
  std::unique_ptr<Pass> pass_;  // the last one, with memory
};

}  // namespace harmonic
