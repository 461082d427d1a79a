#include "engine/graph-evaluator.h"

#include <cmath>
#include <numeric>
#include <random>

#include "engine/trainer.h"
#include "test/test.h"
#include "test/tiny-model.h"
#include "test/training-checks.h"

namespace harmonic {
namespace {

constexpr int kVocabulary = 64;

EvaluatorOptions options_for(int n_sequences) {
  EvaluatorOptions o;
  o.n_sequences = n_sequences;
  o.n_context = 32;
  o.threads = 2;
  o.vocabulary.resize(kVocabulary);
  std::iota(o.vocabulary.begin(), o.vocabulary.end(), 0);
  o.aborted = [] { return false; };
  return o;
}

std::vector<int32_t> make_tokens(int n) {
  std::mt19937 random(9);
  std::vector<int32_t> tokens(n);
  for (auto& token : tokens) token = static_cast<int32_t>(random() % kVocabulary);
  return tokens;
}

double log_probability(const float* logits, int32_t token) {
  double sum = 0;
  for (int v = 0; v < kVocabulary; v++) sum += std::exp(logits[v]);
  return logits[token] - std::log(sum);
}

/** Log-probability of each next token, evaluated in pieces of these lengths on one sequence. */
std::vector<double> in_pieces(GraphEvaluator& evaluator, const std::vector<int32_t>& tokens,
                              const std::vector<int>& pieces, int sequence) {
  std::vector<double> result;
  Batch batch;
  int at = 0;
  for (const int n : pieces) {
    batch.clear();
    for (int i = at; i < at + n; i++) batch.add(tokens[i], i, sequence, true);
    evaluator.evaluate(batch);
    for (int i = 0; i < n && at + i + 1 < static_cast<int>(tokens.size()); i++) {
      result.push_back(log_probability(evaluator.logits(i), tokens[at + i + 1]));
    }
    at += n;
  }
  return result;
}

/**
 * The trainer's losses of the same tokens. With a path, an adapter of random values is applied and
 * saved there.
 */
std::vector<float> reference(const std::string& base, ggml_type type, const std::string& adapter,
                             const std::vector<int32_t>& tokens) {
  TrainerOptions o;
  o.path = base;
  o.adapter.rank = 4;
  o.adapter.targets = {"q", "k", "v", "o", "gate", "up", "down"};
  o.weights = type;
  Trainer trainer(o);
  if (!adapter.empty()) {
    test::randomise(trainer.adapter().parameters());
    trainer.save(adapter, {});
  }
  return trainer.evaluate(test::next_token_batch(tokens));
}

TEST(graph_evaluator_agrees_with_the_trainer_however_tokens_come) {
  const std::vector<int32_t> tokens = make_tokens(20);
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    const std::string base = test::write_tiny_model(architecture);
    const std::vector<float> losses = reference(base, GGML_TYPE_I8, "", tokens);
    GraphEvaluator evaluator(base, "", options_for(3));
    const auto whole = in_pieces(evaluator, tokens, {20}, 1);
    const auto pieces = in_pieces(evaluator, tokens, {7, 1, 1, 11}, 2);
    CHECK_EQUAL(whole.size(), losses.size());
    for (size_t i = 0; i < losses.size(); i++) {
      // the trainer's whole head is BF16
      CHECK_NEAR(whole[i], -losses[i], 0.03);
      CHECK_NEAR(pieces[i], whole[i], 1e-4);
    }
  }
}

TEST(graph_evaluator_merges_the_adapter) {
  const std::vector<int32_t> tokens = make_tokens(20);
  const std::string base = test::write_tiny_model("llama");
  const std::string adapter = test::temporary("tiny-adapter.gguf");
  const std::vector<float> losses = reference(base, GGML_TYPE_F32, adapter, tokens);
  GraphEvaluator with(base, adapter, options_for(1)), without(base, "", options_for(1));
  const auto merged = in_pieces(with, tokens, {20}, 0);
  const auto plain = in_pieces(without, tokens, {20}, 0);
  double error = 0, effect = 0;
  for (size_t i = 0; i < losses.size(); i++) {
    error += std::abs(merged[i] + losses[i]) / losses.size();
    effect += std::abs(plain[i] + losses[i]) / losses.size();
  }
  // what rounding weights to 8 bits changes is small beside what the adapter changes
  CHECK(error < 0.15);
  CHECK(effect > 5 * error);
}

TEST(graph_evaluator_copies_and_forgets_positions) {
  const std::vector<int32_t> tokens = make_tokens(12);
  GraphEvaluator evaluator(test::write_tiny_model("llama"), "", options_for(3));
  const auto expected = in_pieces(evaluator, tokens, {12}, 0);
  evaluator.copy(0, 2);
  evaluator.remove(2, 5);
  Batch batch;
  for (int i = 5; i < 12; i++) batch.add(tokens[i], i, 2, true);
  evaluator.evaluate(batch);
  for (int i = 0; i + 6 < 12; i++) {
    CHECK_NEAR(log_probability(evaluator.logits(i), tokens[i + 6]), expected[i + 5], 1e-4);
  }
  // several sequences in one batch, one token each
  evaluator.remove(0, 11);
  evaluator.remove(2, 11);
  batch.clear();
  batch.add(tokens[11], 11, 0, true);
  batch.add(tokens[11], 11, 2, true);
  evaluator.evaluate(batch);
  for (int v = 0; v < kVocabulary; v++) {
    CHECK_NEAR(evaluator.logits(0)[v], evaluator.logits(1)[v], 1e-4);
  }
}

TEST(graph_evaluator_refuses_positions_with_a_gap_and_ends_when_asked) {
  bool stop = false;
  EvaluatorOptions options = options_for(1);
  options.aborted = [&stop] { return stop; };
  GraphEvaluator evaluator(test::write_tiny_model("llama"), "", options);
  Batch batch;
  batch.add(1, 3, 0, true);
  CHECK_REFUSED("E_NATIVE", "", evaluator.evaluate(batch));
  stop = true;
  batch.clear();
  batch.add(1, 0, 0, true);
  CHECK_REFUSED("E_ABORTED", "", evaluator.evaluate(batch));
}

}  // namespace
}  // namespace harmonic
