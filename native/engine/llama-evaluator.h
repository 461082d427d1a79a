#pragma once
#include "engine/evaluator.h"
#include "engine/model.h"

namespace harmonic {

/** Evaluates with llama.cpp: any architecture, any device. */
class LlamaEvaluator final : public Evaluator {
 public:
  LlamaEvaluator(const Model& model, const EvaluatorOptions& options);

  void clear() override;
  void remove(int sequence, int from) override;
  void copy(int from, int to) override;
  void evaluate(Batch& batch) override;
  const float* logits(int index) override;
  int n_logits() const override { return n_logits_; }
  int place(int32_t token, int32_t) const override { return token; }

 private:
  const std::function<bool()> aborted_;
  const int n_logits_;
  const std::string device_;  // empty: the CPU
  LlamaContext context_;
};

}  // namespace harmonic
