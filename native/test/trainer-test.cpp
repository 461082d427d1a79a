#include "engine/trainer.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "test/test.h"
#include "test/tiny-model.h"
#include "test/training-checks.h"

namespace harmonic {
namespace {

using test::make_batch;

TrainerOptions options_for(const std::string& architecture) {
  TrainerOptions o;
  o.path = test::write_tiny_model(architecture);
  o.adapter.rank = 4;
  o.adapter.alpha = 8;
  o.adapter.targets = {"q", "k", "v", "o", "gate", "up", "down"};
  o.adapter.seed = 1;
  o.weights = GGML_TYPE_F32;
  o.threads = 2;
  return o;
}

void check_gradients(const TrainerOptions& options, const TrainBatch& b) {
  Trainer trainer(options);
  const std::vector<Parameter>& parameters = trainer.adapter().parameters();
  test::randomise(parameters);
  trainer.accumulate(b);
  test::check_gradients(trainer, parameters, b);
}

TEST(gradients_agree_with_finite_differences) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    check_gradients(options_for(architecture), make_batch(64));
  }
}

TEST(gradients_with_dropout_agree_with_finite_differences) {
  for (const char* architecture : {"llama", "qwen3"}) {
    TrainerOptions o = options_for(architecture);
    o.adapter.dropout = 0.3f;
    check_gradients(o, make_batch(64));
  }
}

/** The losses and gradients of a training pass. */
std::vector<float> training_pass(const TrainerOptions& options, const TrainBatch& b) {
  Trainer trainer(options);
  test::randomise(trainer.adapter().parameters());
  std::vector<float> all = trainer.accumulate(b);
  const std::vector<float> gradients = test::all_gradients(trainer.adapter().parameters());
  all.insert(all.end(), gradients.begin(), gradients.end());
  return all;
}

TEST(blocks_computed_again_give_the_same_bits) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    for (const float dropout : {0.0f, 0.3f}) {
      TrainerOptions o = options_for(architecture);
      o.adapter.dropout = dropout;
      const std::vector<float> plain = training_pass(o, make_batch(64));
      o.recompute = true;
      CHECK(training_pass(o, make_batch(64)) == plain);
    }
  }
}

TEST(dropout_is_drawn_from_the_groups_seeds_alone_and_spares_evaluation) {
  TrainerOptions o = options_for("llama");
  TrainBatch b = make_batch(64);
  const std::vector<float> without = training_pass(o, b);
  o.adapter.dropout = 0.3f;
  Trainer trainer(o);
  test::randomise(trainer.adapter().parameters());
  const std::vector<float> evaluated = trainer.evaluate(b), first = trainer.accumulate(b);
  CHECK(std::equal(evaluated.begin(), evaluated.end(), without.begin()));
  CHECK(first != evaluated);
  CHECK(trainer.accumulate(b) == first);
  b.dropout_seeds.back()++;
  const std::vector<float> changed = trainer.accumulate(b);
  const size_t n_before = std::count_if(b.loss_positions.begin(), b.loss_positions.end(),
                                        [&](int32_t p) { return p < b.group_offsets[3]; });
  for (size_t i = 0; i < first.size(); i++) CHECK((changed[i] == first[i]) == (i < n_before));
}

TEST(a_group_s_dropout_does_not_depend_on_what_it_is_packed_with) {
  TrainerOptions o = options_for("llama");
  o.adapter.dropout = 0.3f;
  Trainer trainer(o);
  test::randomise(trainer.adapter().parameters());
  test::check_groups_apart(make_batch(64),
                           [&](const TrainBatch& b) { return trainer.accumulate(b); });
}

TEST(dropout_drops_its_share_and_keeps_the_mean) {
  Dropout dropout(0.05f);
  dropout.begin({7, 8}, {0, 50, 100});
  std::vector<float> factors(576);
  double dropped = 0, sum = 0;
  for (int t = 0; t < 100; t++) {
    dropout.factors(3, t, 0, 576, factors.data());
    for (float f : factors) {
      dropped += f == 0;
      sum += f;
    }
    std::vector<float> part(64);
    dropout.factors(3, t, 512, 64, part.data());
    CHECK(std::equal(part.begin(), part.end(), factors.begin() + 512));
  }
  // five standard deviations of 57,600 draws
  CHECK_NEAR(dropped / 57600, 0.05, 5 * 0.22 / 240);
  CHECK_NEAR(sum / 57600, 1, 5 * 0.24 / 240);
}

TEST(gradients_over_a_cut_vocabulary_agree_with_finite_differences) {
  TrainerOptions o = options_for("llama");
  o.vocabulary = {2, 3, 5, 7, 11, 13, 17, 19};
  o.allowed_sets = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1};
  check_gradients(o, make_batch(4));
}

/** Cosine of the whole gradient with that of F32 weights. */
double gradient_cosine(ggml_type type) {
  std::vector<std::vector<float>> gradients;
  const TrainBatch b = make_batch(64);
  for (ggml_type t : {GGML_TYPE_F32, type}) {
    TrainerOptions o = options_for("llama");
    o.weights = t;
    Trainer trainer(o);
    test::randomise(trainer.adapter().parameters());
    trainer.accumulate(b);
    gradients.push_back(test::all_gradients(trainer.adapter().parameters()));
  }
  double dot = 0, a = 0, c = 0;
  for (size_t i = 0; i < gradients[0].size(); i++) {
    dot += static_cast<double>(gradients[0][i]) * gradients[1][i];
    a += static_cast<double>(gradients[0][i]) * gradients[0][i];
    c += static_cast<double>(gradients[1][i]) * gradients[1][i];
  }
  return dot / std::sqrt(a * c);
}

TEST(gradients_of_narrower_weights_point_the_same_way) {
  CHECK(gradient_cosine(GGML_TYPE_F16) > 0.999);
  CHECK(gradient_cosine(GGML_TYPE_BF16) > 0.999);
  CHECK(gradient_cosine(GGML_TYPE_I8) > 0.995);
}

TEST(groups_of_one_batch_do_not_see_each_other) {
  Trainer trainer(options_for("llama"));
  test::randomise(trainer.adapter().parameters());
  test::check_groups_apart(make_batch(64),
                           [&](const TrainBatch& b) { return trainer.evaluate(b); });
}

TEST(training_learns_a_batch_by_heart_and_its_state_goes_on_exactly) {
  Trainer trainer(options_for("llama")), resumed(options_for("llama"));
  test::check_learning(trainer, resumed, make_batch(64), {1e-2f, 0, 1, 0.9f, 0.999f, 1e-8f});
}

TEST(a_damaged_state_is_refused) {
  Trainer trainer(options_for("llama"));
  std::vector<char> state = trainer.state();
  state.resize(state.size() - 4);
  CHECK_REFUSED("E_RUN", "checkpoint", trainer.set_state(state));
}

}  // namespace
}  // namespace harmonic
