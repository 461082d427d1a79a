#include "engine/sampling-probe.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "engine/batch.h"
#include "engine/device-evaluator.h"
#include "engine/device-model.h"
#include "engine/error.h"
#include "engine/probe-limit.h"

namespace harmonic {
namespace {

constexpr int kPrompts = 3, kRowsPerPrompt = 16, kRows = kPrompts * kRowsPerPrompt;
constexpr int kPromptTokens[kPrompts] = {100, 37, 1};
constexpr int kContext = 128, kSteps = 4;
constexpr int kIds = 512;  // of the vocabulary, whose logits are compared

EvaluatorOptions options_for(int n_vocab) {
  EvaluatorOptions options;
  options.n_sequences = kRows;
  options.n_context = kContext;
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.aborted = [] { return false; };
  const int n = std::min(n_vocab, kIds);
  for (int i = 0; i < n; i++)
    options.vocabulary.push_back(static_cast<int32_t>(static_cast<int64_t>(i) * n_vocab / n));
  return options;
}

/** Two evaluators of the same layers, and how far the logits of one are from those of the other. */
class Comparison {
 public:
  Comparison(const std::string& base, const std::string& adapter, const std::string& device)
      : actual_(open(base, adapter, device)), expected_(open(base, adapter, "")) {}

  // of their differences, each row of logits without its mean
  double error();

 private:
  std::unique_ptr<DeviceEvaluator> open(const std::string& base, const std::string& adapter,
                                        const std::string& device) {
    const auto model = std::make_shared<const DeviceModel>(base, adapter, device, kProbedLayers);
    n_vocab_ = model->weights().hp.n_vocab;
    return std::make_unique<DeviceEvaluator>(model, options_for(n_vocab_));
  }
  int32_t any_token() { return static_cast<int32_t>(random_() % n_vocab_); }
  void compare();

  int n_vocab_ = 0;
  std::unique_ptr<DeviceEvaluator> actual_, expected_;
  std::mt19937 random_{1};
  Batch batch_;
  double difference_ = 0, size_ = 0;  // sums of squares
};

void Comparison::compare() {
  actual_->evaluate(batch_);
  expected_->evaluate(batch_);
  const int n = expected_->n_logits();
  for (int i = 0; i < batch_.size(); i++) {
    if (!batch_.output(i)) continue;
    const float *a = actual_->logits(i), *b = expected_->logits(i);
    const double mean_a = std::accumulate(a, a + n, 0.0) / n;
    const double mean_b = std::accumulate(b, b + n, 0.0) / n;
    for (int v = 0; v < n; v++) {
      const double x = a[v] - mean_a, y = b[v] - mean_b;
      difference_ += (x - y) * (x - y);
      size_ += y * y;
    }
  }
  batch_.clear();
}

double Comparison::error() {
  std::vector<int> length(kRows);
  for (int p = 0; p < kPrompts; p++) {
    for (int t = 0; t < kPromptTokens[p]; t++)
      batch_.add(any_token(), t, p * kRowsPerPrompt, t + 1 == kPromptTokens[p]);
  }
  compare();
  for (int r = 0; r < kRows; r++) {
    const int first = r - r % kRowsPerPrompt;
    length[r] = kPromptTokens[r / kRowsPerPrompt];
    if (r == first) continue;
    actual_->copy(first, r);
    expected_->copy(first, r);
  }
  for (int step = 0; step < kSteps; step++) {
    for (int r = 0; r < kRows; r++) {
      const int n = step == 1 ? 1 + r % 4 : 1;  // some rows run ahead once
      for (int t = 0; t < n; t++) batch_.add(any_token(), length[r]++, r, true);
    }
    compare();
  }
  return std::sqrt(difference_ / size_);
}

}  // namespace

std::string sampling_obstacle(const std::string& base, const std::string& adapter,
                              const std::string& device) {
  try {
    return obstacle_of("logits", Comparison(base, adapter, device).error());
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace harmonic
