#pragma once
#include <list>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/device-cache.h"
#include "engine/device-head.h"
#include "engine/device-model.h"
#include "engine/device-pass.h"
#include "engine/device-slots.h"
#include "engine/evaluator.h"

namespace harmonic {

/**
 * Evaluates on a device with graphs of ggml's own operations: weights, keys and values stay there,
 * and a pass brings token ids and takes the logits of the table's tokens back. A graph is kept for
 * each of few sizes that batches are padded to.
 */
class DeviceEvaluator final : public Evaluator {
 public:
  /** Throws Error E_MODEL where the device has not the memory. */
  DeviceEvaluator(std::shared_ptr<const DeviceModel> model, const EvaluatorOptions& options);

  void clear() override;
  void remove(int sequence, int from) override;
  void copy(int from, int to) override;
  void evaluate(Batch& batch) override;
  const float* logits(int index) override { return logits_.data() + logits_at_[index]; }
  int n_logits() const override { return head_.n_logits(); }
  bool is_ragged() const override { return true; }
  int tokens_of_prompts() const override { return most_tokens_; }
  double batch_cost() const override;
  int place(int32_t token, int32_t column) const override { return head_.place(token, column); }
  std::set<std::string> on_cpu() const override { return on_cpu_; }

 private:
  struct Part;

  void copy_slots();
  Part next_part(const Batch& batch, int begin) const;
  std::pair<int, int> slots_from(const Part& part) const;
  std::pair<int, int> window_of(const Part& part) const;
  void evaluate_part(const Batch& batch, const Part& part);
  PassShape shape_of(const Batch& batch, const Part& part, int n_outputs, int n_chosen) const;
  int place_of(const PassShape& shape, const Part& part, int i) const;
  void fill(DevicePass& pass, const Batch& batch, const Part& part) const;
  DevicePass& pass_for(const PassShape& shape);
  void drop_passes_like(const PassShape& shape);
  std::unique_ptr<DevicePass> make_pass(const PassShape& shape);
  PassShape largest_prompts() const;
  int64_t most_padded() const;

  const std::shared_ptr<const DeviceModel> model_;
  DeviceBackend backend_;
  DeviceSlots slots_;
  DeviceCache cache_;
  DeviceHead head_;
  int most_tokens_;                                // of a part
  std::list<std::unique_ptr<DevicePass>> passes_;  // the last used first
  std::shared_ptr<PassMemory> prompt_memory_;      // of those over prompts; null: none yet
  std::vector<int> slot_of_;                       // of each token of the batch
  std::vector<size_t> logits_at_;                  // of each token of the batch that has any
  std::vector<float> logits_;
  std::set<std::string> on_cpu_;
};

}  // namespace harmonic
