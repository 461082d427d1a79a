#pragma once
#include <map>
#include <memory>
#include <string>

#include "engine/cached-attention.h"
#include "engine/cpu.h"
#include "engine/evaluator.h"
#include "engine/weights.h"

namespace harmonic {

/**
 * Evaluates with a graph of our own over weights in 8-bit integers, for the architectures that the
 * trainer knows, on a CPU with fast integer products: several times faster than llama.cpp there,
 * which has no such kernels. The adapter is merged into the weights, and the head computes the
 * logits of the vocabulary that is asked for alone.
 */
class GraphEvaluator final : public Evaluator {
 public:
  GraphEvaluator(const std::string& base, const std::string& adapter,
                 const EvaluatorOptions& options);
  ~GraphEvaluator() override;

  void clear() override;
  void remove(int sequence, int from) override;
  void copy(int from, int to) override;
  void evaluate(Batch& batch) override;
  const float* logits(int index) override { return logits_.data() + row_of_.at(index) * n_logits_; }
  int n_logits() const override { return static_cast<int>(n_logits_); }
  bool is_ragged() const override { return true; }
  int place(int32_t token, int32_t) const override {
    return place_.empty() ? token : place_.at(token);
  }

 private:
  const std::function<bool()> aborted_;
  Cpu cpu_;
  Weights weights_;
  KeyValueCache cache_;
  CachedAttention attention_;
  std::vector<CachedAttentionLayer> layers_;
  ggml_gallocr_t allocator_;
  std::map<int32_t, int> place_;  // empty where the head is whole
  size_t n_logits_;
  std::map<int, size_t> row_of_;  // of the last batch: logits row of a token's index
  std::vector<float> logits_;     // shape (outputs, n_logits)
};

}  // namespace harmonic
