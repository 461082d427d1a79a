#include "engine/dense-evaluator.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>

#include "engine/error.h"
#include "engine/full-trainer.h"
#include "engine/model.h"
#include "test/test.h"
#include "test/tiny-model.h"
#include "test/training-checks.h"

namespace harmonic {
namespace {

constexpr int kVocabulary = 64;
constexpr int kSequences = 150;  // more than two blocks of lanes

EvaluatorOptions options_for(int threads) {
  EvaluatorOptions o;
  o.n_sequences = kSequences;
  o.n_context = 100;
  o.threads = threads;
  o.half_products = false;
  o.aborted = [] { return false; };
  return o;
}

std::vector<int32_t> make_tokens(int n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> tokens(n);
  for (auto& token : tokens) token = static_cast<int32_t>(random() % kVocabulary);
  return tokens;
}

std::vector<double> log_probabilities(const float* logits) {
  double sum = 0;
  for (int v = 0; v < kVocabulary; v++) sum += std::exp(logits[v]);
  std::vector<double> result;
  for (int v = 0; v < kVocabulary; v++) result.push_back(logits[v] - std::log(sum));
  return result;
}

/** That logits are llama.cpp's behind position `at` of what it gave for a sequence. */
void check_logits(const float* logits, const std::vector<float>& expected, size_t at) {
  const std::vector<double> logs = log_probabilities(logits);
  // llama.cpp keeps keys and values in 16 bits
  for (int v = 0; v < kVocabulary; v++) CHECK_NEAR(logs[v], expected[at * kVocabulary + v], 3e-2);
}

std::unique_ptr<DenseEvaluator> dense(const std::string& path, const EvaluatorOptions& options) {
  return std::make_unique<DenseEvaluator>(std::make_shared<const LaneModel>(path), options);
}

/** Evaluates tokens begin .. end - 1 of a sequence with all outputs. */
void extend(DenseEvaluator& evaluator, const std::vector<int32_t>& tokens, int begin, int end,
            int sequence) {
  Batch batch;
  for (int i = begin; i < end; i++) batch.add(tokens[i], i, sequence, true);
  evaluator.evaluate(batch);
}

/** The full trainer's loss of each next token. */
std::vector<float> losses_of(const std::string& base, const std::vector<int32_t>& tokens) {
  FullTrainerOptions options;
  options.path = base;
  return FullTrainer(options).evaluate(test::next_token_batch(tokens));
}

TEST(dense_evaluator_agrees_with_the_full_trainer_however_tokens_come) {
  const int n = 90;  // more than the lanes of a tile
  const std::vector<int32_t> tokens = make_tokens(n, 3);
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    const std::string base = test::write_tiny_model(architecture);
    const std::vector<float> losses = losses_of(base, tokens);
    const auto evaluator = dense(base, options_for(2));
    extend(*evaluator, tokens, 0, n, 77);
    for (int i = 0; i + 1 < n; i++)
      CHECK_NEAR(log_probabilities(evaluator->logits(i))[tokens[i + 1]], -losses[i], 1e-4);
    const std::vector<float> whole(evaluator->logits(0), evaluator->logits(0) + n * kVocabulary);
    const auto check_same = [&](const float* logits, int at) {
      for (int v = 0; v < kVocabulary; v++)
        CHECK_NEAR(logits[v], whole[at * kVocabulary + v], 2e-5);
    };
    int at = 0;
    for (const int piece : {1, 1, 70, 2, 16}) {
      extend(*evaluator, tokens, at, at + piece, 5);
      for (int i = 0; i < piece; i++) check_same(evaluator->logits(i), at + i);
      at += piece;
    }
    // Another sequence goes on what it copied.
    evaluator->copy(77, 140);
    evaluator->remove(140, 60);
    extend(*evaluator, tokens, 60, n, 140);
    check_same(evaluator->logits(n - 61), n - 1);
  }
}

TEST(dense_evaluator_takes_rows_in_lock_step_and_out_of_it) {
  const std::string base = test::write_tiny_model("llama");
  const Model model({base, "", false});
  const auto one = dense(base, options_for(1)), three = dense(base, options_for(3));
  std::vector<std::vector<int32_t>> rows;
  std::vector<std::vector<float>> expected;
  for (int s = 0; s < kSequences; s++) {
    rows.push_back(make_tokens(6, s));
    expected.push_back(model.log_probabilities(rows.back()));
  }
  // Sequence s begins a pass late where s % 3 is 0, and ends after `length` tokens.
  const auto length = [](int s) { return s % 7 == 0 ? 3 : 6; };
  Batch batch;
  for (int pass = 0; pass < 7; pass++) {
    batch.clear();
    std::vector<std::pair<int, int>> outputs;
    for (int s = 0; s < kSequences; s++) {
      const int at = pass - (s % 3 == 0 ? 1 : 0);
      if (at < 0 || at >= length(s)) continue;
      outputs.emplace_back(s, at);
      batch.add(rows[s][at], at, s, true);
    }
    one->evaluate(batch);
    three->evaluate(batch);
    for (size_t i = 0; i < outputs.size(); i++) {
      const auto [s, at] = outputs[i];
      check_logits(one->logits(i), expected[s], at);
      CHECK(std::equal(one->logits(i), one->logits(i) + kVocabulary, three->logits(i)));
    }
  }
}

TEST(dense_evaluator_rounds_factors_to_16_bits_where_that_is_faster) {
  const std::string base = test::write_tiny_model("llama");
  EvaluatorOptions options = options_for(1);
  const auto exact = dense(base, options);
  options.half_products = true;
  const auto rounded = dense(base, options);
  options.threads = 3;
  const auto again = dense(base, options);
  double largest = 0;
  for (int at = 0; at < 6; at++) {
    Batch batch;
    for (int s = 0; s < kSequences; s++) batch.add(make_tokens(6, s)[at], at, s, true);
    for (DenseEvaluator* each : {exact.get(), rounded.get(), again.get()}) each->evaluate(batch);
    for (int s = 0; s < kSequences; s++) {
      CHECK(std::equal(rounded->logits(s), rounded->logits(s) + kVocabulary, again->logits(s)));
      for (int v = 0; v < kVocabulary; v++) {
        const double difference = rounded->logits(s)[v] - exact->logits(s)[v];
        largest = std::max(largest, std::abs(difference));
      }
    }
  }
  CHECK_EQUAL(largest > 0, half_products_pay());
  CHECK(largest < 0.3);
}

TEST(dense_evaluator_shares_what_rows_begin_with) {
  const std::string base = test::write_tiny_model("llama");
  const Model model({base, "", false});
  const auto evaluator = dense(base, options_for(2));
  // Rows of few first and second tokens, behind one prompt.
  std::vector<std::vector<int32_t>> rows;
  for (int s = 0; s < kSequences; s++) rows.push_back({9, s % 2, s % 6, s % 50, s % 7});
  extend(*evaluator, rows[0], 0, 1, 0);
  for (int s = 1; s < kSequences; s++) evaluator->copy(0, s);
  Batch batch;
  for (int at = 1; at < 5; at++) {
    batch.clear();
    for (int s = 0; s < kSequences; s++) batch.add(rows[s][at], at, s, true);
    evaluator->evaluate(batch);
    for (int s = 0; s < kSequences; s += 7)
      check_logits(evaluator->logits(s), model.log_probabilities(rows[s]), at);
    // One forgets a token and takes another.
    if (at != 2) continue;
    evaluator->remove(8, 2);
    rows[8][2] = 33;
    batch.clear();
    batch.add(33, 2, 8, false);
    evaluator->evaluate(batch);
  }
  check_logits(evaluator->logits(8), model.log_probabilities(rows[8]), 4);
}

TEST(dense_evaluator_computes_the_logits_of_the_next_column_alone) {
  const std::string base = test::write_tiny_model("llama");
  const std::vector<int32_t> tokens = make_tokens(8, 1);
  EvaluatorOptions options = options_for(1);
  options.column_vocabularies = {{5, 9, 31}, {}, {0, 6, 7, 60, 63}, {2}};
  const auto whole = dense(base, options_for(1)), cut = dense(base, options);
  CHECK_EQUAL(cut->n_logits(), 5);
  Batch batch;
  for (int i = 0; i < 8; i++) batch.add({tokens[i], i % 4 - 1}, i, 0, true);
  whole->evaluate(batch);
  cut->evaluate(batch);
  for (int i = 0; i < 8; i++) {
    const int column = i % 4 - 1;
    for (const int32_t id : options.column_vocabularies[column < 0 ? 3 : column])
      CHECK_NEAR(cut->logits(i)[cut->place(id, column)], whole->logits(i)[id], 1e-5);
  }
}

TEST(dense_evaluator_tells_the_model_the_column_to_come) {
  const auto evaluator = dense(test::write_tiny_model_with_columns(), options_for(1));
  Batch batch;
  batch.add({7, 1}, 0, 0, true);
  batch.add({40, -1}, 0, 1, true);
  batch.add({7, -1}, 0, 2, true);
  batch.add({7, 2}, 0, 3, true);  // its own
  evaluator->evaluate(batch);
  double difference = 0;
  for (int v = 0; v < kVocabulary; v++) {
    CHECK_NEAR(evaluator->logits(0)[v], evaluator->logits(1)[v], 1e-4);
    CHECK_NEAR(evaluator->logits(2)[v], evaluator->logits(3)[v], 1e-6);
    difference += std::abs(evaluator->logits(0)[v] - evaluator->logits(2)[v]);
  }
  CHECK(difference > 1);
}

TEST(dense_evaluator_refuses_positions_with_a_gap_and_ends_when_asked) {
  bool stop = false;
  EvaluatorOptions options = options_for(2);
  options.aborted = [&stop] { return stop; };
  const auto evaluator = dense(test::write_tiny_model("llama"), options);
  const auto code_at = [&](int position) -> std::string {
    Batch batch;
    batch.add(1, position, 0, true);
    try {
      evaluator->evaluate(batch);
    } catch (const Error& error) {
      return error.code;
    }
    return "";
  };
  CHECK_EQUAL(code_at(3), "E_NATIVE");
  CHECK_EQUAL(code_at(0), "");
  stop = true;
  CHECK_EQUAL(code_at(1), "E_ABORTED");
}

}  // namespace
}  // namespace harmonic
