#include "engine/device-evaluator.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>

#include "engine/dense-evaluator.h"
#include "engine/trainer.h"
#include "test/test.h"
#include "test/tiny-model.h"
#include "test/training-checks.h"

// The processor stands for the device: the graphs are those that any backend gets.
namespace harmonic {
namespace {

constexpr int kVocabulary = 64;
constexpr int kSequences = 20;
constexpr int kContext = 100;

EvaluatorOptions options_for(int n_sequences) {
  EvaluatorOptions o;
  o.n_sequences = n_sequences;
  o.n_context = kContext;
  o.threads = 2;
  o.half_products = false;
  o.aborted = [] { return false; };
  return o;
}

std::unique_ptr<DeviceEvaluator> on_device(const std::string& base, const EvaluatorOptions& options,
                                           const std::string& adapter = "") {
  return std::make_unique<DeviceEvaluator>(std::make_shared<const DeviceModel>(base, adapter, ""),
                                           options);
}

std::unique_ptr<DenseEvaluator> dense(const std::string& base, const EvaluatorOptions& options) {
  return std::make_unique<DenseEvaluator>(std::make_shared<const LaneModel>(base), options);
}

/** Evaluates a batch with both and compares the logits of all its outputs. */
void check_same(Evaluator& evaluator, Evaluator& expected, Batch& batch, double tolerance) {
  evaluator.evaluate(batch);
  expected.evaluate(batch);
  for (int i = 0; i < batch.size(); i++) {
    for (int v = 0; batch.output(i) && v < kVocabulary; v++)
      CHECK_NEAR(evaluator.logits(i)[v], expected.logits(i)[v], tolerance);
  }
}

/** Rows that begin, copy each other, forget and go on as they like, in batches of any shape. */
void check_any_batches(Evaluator& evaluator, Evaluator& expected, double tolerance) {
  std::mt19937 random(5);
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  std::vector<int> length(kSequences, 0);
  Batch batch;
  for (int pass = 0; pass < 40; pass++) {
    // One token of each, some tokens of some, or a prompt.
    const int kind = pass % 4, most = kind == 0 ? 1 : kind == 3 ? 45 : 6;
    batch.clear();
    const int only = below(kSequences);
    for (int s = 0; s < kSequences; s++) {
      if (kind == 3 ? s != only : kind != 0 && below(3) > 0) continue;
      const int n = std::min(1 + below(most), kContext - length[s]);
      for (int t = 0; t < n; t++)
        batch.add(below(kVocabulary), length[s]++, s, t + 1 == n || below(4) == 0);
    }
    if (batch.size() > 0) check_same(evaluator, expected, batch, tolerance);
    for (int change = 0; change < 6; change++) {
      const int s = below(kSequences), other = below(kSequences);
      if (change % 2 == 0) {
        length[other] = length[s];
        evaluator.copy(s, other);
        expected.copy(s, other);
      } else {
        const int from = below(3) == 0 ? 0 : below(kContext);
        length[s] = std::min(length[s], from);
        evaluator.remove(s, from);
        expected.remove(s, from);
      }
    }
  }
  evaluator.clear();
  expected.clear();
  batch.clear();
  for (int s = 0; s < kSequences; s += 3) batch.add(s, 0, s, true);
  check_same(evaluator, expected, batch, tolerance);
}

TEST(device_evaluator_agrees_with_the_dense_one_in_any_batches) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    const std::string base = test::write_tiny_model(architecture);
    check_any_batches(*on_device(base, options_for(kSequences)),
                      *dense(base, options_for(kSequences)), 1e-4);
  }
}

// Weights, keys and values in 16 bits; of the latter fused attention takes them.
TEST(device_evaluator_computes_in_16_bits) {
  for (const char* architecture : {"llama", "qwen3"}) {
    const std::string base = test::write_tiny_model(architecture, GGML_TYPE_BF16);
    EvaluatorOptions options = options_for(kSequences);
    check_any_batches(*on_device(base, options), *dense(base, options), 0.3);
    options.small_cache = false;
    check_any_batches(*on_device(base, options), *dense(base, options), 0.3);
  }
}

TEST(device_evaluator_computes_the_logits_of_the_columns_of_a_batch_alone) {
  const std::string base = test::write_tiny_model("llama");
  EvaluatorOptions options = options_for(4096);
  options.n_context = 10;
  const auto whole = dense(base, options);
  options.column_vocabularies = {{5, 9, 31}, {}, {0, 6, 7, 60, 63}, {2}};
  for (int i = 0; i < kVocabulary; i++) options.vocabulary.push_back(i);
  const auto cut = on_device(base, options);
  CHECK_EQUAL(cut->n_logits(), 5);
  std::mt19937 random(4);
  Batch batch;
  for (int position = 0; position < 3; position++) {
    batch.clear();
    for (int s = 0; s < 70; s++) {
      const ColumnToken token = {static_cast<int32_t>(random() % kVocabulary), s % 4 - 1};
      batch.add(token, position, s, s % 5 > 0 && s % 4 != 2);
    }
    whole->evaluate(batch);
    cut->evaluate(batch);
    for (int i = 0; i < batch.size(); i++) {
      if (!batch.output(i)) continue;
      const int32_t column = batch.column(i);
      for (const int32_t id : options.column_vocabularies[column < 0 ? 3 : column])
        CHECK_NEAR(cut->logits(i)[cut->place(id, column)], whole->logits(i)[id], 1e-5);
    }
  }
}

TEST(device_evaluator_tells_the_model_the_column_to_come) {
  const std::string base = test::write_tiny_model_with_columns();
  const auto evaluator = on_device(base, options_for(4)), one = on_device(base, options_for(4));
  const auto expected = dense(base, options_for(4));
  Batch batch;
  batch.add({7, 1}, 0, 0, true);
  batch.add({40, -1}, 0, 1, true);
  batch.add({7, -1}, 0, 2, true);
  batch.add({7, 2}, 0, 3, true);  // its own
  check_same(*evaluator, *expected, batch, 1e-4);
  // without any that is not its own
  batch.clear();
  batch.add({7, 2}, 0, 3, true);
  one->evaluate(batch);
  for (int v = 0; v < kVocabulary; v++) CHECK_NEAR(one->logits(0)[v], expected->logits(3)[v], 1e-4);
}

TEST(device_evaluator_merges_the_adapter) {
  const std::string base = test::write_tiny_model("llama");
  const std::string adapter = test::temporary("tiny-device-adapter.gguf");
  std::vector<int32_t> tokens;
  for (int i = 0; i < 30; i++) tokens.push_back(i * i % kVocabulary);
  TrainerOptions o;
  o.path = base;
  o.adapter.rank = 4;
  o.adapter.targets = {"q", "k", "v", "o", "gate", "up", "down"};
  o.weights = GGML_TYPE_F32;
  Trainer trainer(o);
  test::randomise(trainer.adapter().parameters());
  trainer.save(adapter, {});
  const std::vector<float> losses = trainer.evaluate(test::next_token_batch(tokens));
  const auto evaluator = on_device(base, options_for(1), adapter);
  Batch batch;
  for (int i = 0; i < 30; i++) batch.add(tokens[i], i, 0, true);
  evaluator->evaluate(batch);
  for (int i = 0; i + 1 < 30; i++) {
    double sum = 0;
    for (int v = 0; v < kVocabulary; v++) sum += std::exp(evaluator->logits(i)[v]);
    CHECK_NEAR(evaluator->logits(i)[tokens[i + 1]] - std::log(sum), -losses[i], 1e-3);
  }
}

TEST(device_evaluator_gives_the_same_again) {
  const std::string base = test::write_tiny_model("llama", GGML_TYPE_BF16);
  const auto evaluator = on_device(base, options_for(4));
  std::vector<std::vector<float>> logits;
  for (int round = 0; round < 2; round++) {
    evaluator->clear();
    Batch batch;
    for (int i = 0; i < 9; i++) batch.add(i, i, 2, i == 8);
    evaluator->evaluate(batch);
    evaluator->copy(2, 0);
    batch.clear();
    for (const int s : {0, 2}) batch.add(5 + s, 9, s, true);
    evaluator->evaluate(batch);
    logits.emplace_back(evaluator->logits(1), evaluator->logits(1) + kVocabulary);
    // what is left over from before does not matter
    batch.clear();
    batch.add(1, 0, 3, true);
    evaluator->evaluate(batch);
  }
  CHECK(logits[0] == logits[1]);
}

TEST(device_evaluator_refuses_positions_with_a_gap_and_ends_when_asked) {
  bool stop = false;
  EvaluatorOptions options = options_for(2);
  options.aborted = [&stop] { return stop; };
  const auto evaluator = on_device(test::write_tiny_model("llama"), options);
  Batch batch;
  batch.add(1, 3, 0, true);
  CHECK_REFUSED("E_NATIVE", "no position 3", evaluator->evaluate(batch));
  stop = true;
  batch.clear();
  batch.add(1, 0, 0, true);
  CHECK_REFUSED("E_ABORTED", "", evaluator->evaluate(batch));
}

}  // namespace
}  // namespace harmonic
