#include "engine/trainer.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/error.h"
#include "test/test.h"
#include "test/tiny-model.h"

namespace harmonic {
namespace {

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

/** Groups of unequal length, loss on two positions of three. */
TrainBatch make_batch(int n_labels) {
  std::mt19937 random(3);
  TrainBatch b;
  for (int length : {9, 17, 5}) {
    b.group_offsets.push_back(static_cast<int32_t>(b.tokens.size()));
    for (int i = 0; i < length; i++) {
      if (i + 1 < length && i % 3 != 0) {
        b.loss_positions.push_back(static_cast<int32_t>(b.tokens.size()));
        b.labels.push_back(static_cast<int32_t>(random() % n_labels));
        b.weights.push_back(0.05f * (1 + i % 2));
      }
      b.tokens.push_back(static_cast<int32_t>(random() % 64));
    }
  }
  b.group_offsets.push_back(static_cast<int32_t>(b.tokens.size()));
  b.dropout_seeds = {1, 2, 3};
  return b;
}

/** One group of a batch on its own. */
TrainBatch group_of(const TrainBatch& all, size_t g) {
  TrainBatch one;
  const int first = all.group_offsets[g], last = all.group_offsets[g + 1];
  one.tokens.assign(all.tokens.begin() + first, all.tokens.begin() + last);
  one.group_offsets = {0, last - first};
  one.dropout_seeds = {all.dropout_seeds[g]};
  for (size_t i = 0; i < all.loss_positions.size(); i++) {
    if (all.loss_positions[i] < first || all.loss_positions[i] >= last) continue;
    one.loss_positions.push_back(all.loss_positions[i] - first);
    one.labels.push_back(all.labels[i]);
    one.weights.push_back(all.weights[i]);
  }
  return one;
}

double weighted(const std::vector<float>& losses, const TrainBatch& b) {
  double sum = 0;
  for (size_t i = 0; i < losses.size(); i++) sum += static_cast<double>(losses[i]) * b.weights[i];
  return sum;
}

void randomise(const Adapter& adapter) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 0.1f);
  for (const auto& p : adapter.parameters()) {
    for (size_t i = 0; i < p.n; i++) p.value[i] = normal(random);
  }
}

std::vector<float> all_gradients(const Adapter& adapter) {
  std::vector<float> all;
  for (const auto& p : adapter.parameters()) all.insert(all.end(), p.gradient, p.gradient + p.n);
  return all;
}

/** Directional derivatives of every matrix: analytic against central differences. */
void check_gradients(const TrainerOptions& options, const TrainBatch& b) {
  Trainer trainer(options);
  randomise(trainer.adapter());
  trainer.accumulate(b);
  const std::vector<float> gradients = all_gradients(trainer.adapter());
  const float* gradient = gradients.data();
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  for (const auto& p : trainer.adapter().parameters()) {
    const std::vector<float> before(p.value, p.value + p.n);
    std::vector<float> direction(p.n);
    double analytic = 0;
    for (size_t i = 0; i < p.n; i++) {
      direction[i] = normal(random);
      analytic += static_cast<double>(direction[i]) * gradient[i];
    }
    gradient += p.n;
    const float step = 2e-3f;
    const auto loss_at = [&](float distance) {
      for (size_t i = 0; i < p.n; i++) p.value[i] = before[i] + distance * direction[i];
      // a training pass, which alone has dropout
      return weighted(trainer.accumulate(b), b);
    };
    const double numeric = (loss_at(step) - loss_at(-step)) / (2.0 * step);
    std::copy(before.begin(), before.end(), p.value);
    CHECK_NEAR(analytic, numeric, 2e-3 + 2e-2 * std::abs(numeric));
  }
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
  randomise(trainer.adapter());
  std::vector<float> all = trainer.accumulate(b);
  const std::vector<float> gradients = all_gradients(trainer.adapter());
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
  randomise(trainer.adapter());
  const std::vector<float> evaluated = trainer.evaluate(b), first = trainer.accumulate(b);
  CHECK(std::equal(evaluated.begin(), evaluated.end(), without.begin()));
  CHECK(first != evaluated);
  CHECK(trainer.accumulate(b) == first);
  // the third group: its losses are the last
  b.dropout_seeds[2]++;
  const std::vector<float> changed = trainer.accumulate(b);
  const size_t n_before = std::count_if(b.loss_positions.begin(), b.loss_positions.end(),
                                        [&](int32_t p) { return p < b.group_offsets[2]; });
  for (size_t i = 0; i < first.size(); i++) CHECK((changed[i] == first[i]) == (i < n_before));
}

TEST(a_group_s_dropout_does_not_depend_on_what_it_is_packed_with) {
  TrainerOptions o = options_for("llama");
  o.adapter.dropout = 0.3f;
  Trainer trainer(o);
  randomise(trainer.adapter());
  const TrainBatch all = make_batch(64);
  const std::vector<float> together = trainer.accumulate(all);
  size_t done = 0;
  for (size_t g = 0; g + 1 < all.group_offsets.size(); g++) {
    for (float loss : trainer.accumulate(group_of(all, g))) {
      CHECK_NEAR(loss, together[done++], 1e-4);
    }
  }
  CHECK_EQUAL(done, together.size());
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
  TrainBatch b = make_batch(4);
  for (size_t i = 0; i < b.labels.size(); i++) b.sets.push_back(static_cast<int32_t>(i % 2));
  check_gradients(o, b);
}

/** Cosine of the whole gradient with that of F32 weights. */
double gradient_cosine(ggml_type type) {
  std::vector<std::vector<float>> gradients;
  const TrainBatch b = make_batch(64);
  for (ggml_type t : {GGML_TYPE_F32, type}) {
    TrainerOptions o = options_for("llama");
    o.weights = t;
    Trainer trainer(o);
    randomise(trainer.adapter());
    trainer.accumulate(b);
    gradients.push_back(all_gradients(trainer.adapter()));
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
  randomise(trainer.adapter());
  const TrainBatch all = make_batch(64);
  const std::vector<float> together = trainer.evaluate(all);
  size_t done = 0;
  for (size_t g = 0; g + 1 < all.group_offsets.size(); g++) {
    for (float loss : trainer.evaluate(group_of(all, g))) {
      CHECK_NEAR(loss, together[done++], 1e-4);
    }
  }
  CHECK_EQUAL(done, together.size());
}

TEST(training_learns_a_batch_by_heart_and_its_state_goes_on_exactly) {
  const TrainerOptions o = options_for("llama");
  const TrainBatch b = make_batch(64);
  const AdamWOptions adamw = {1e-2f, 0, 1, 0.9f, 0.999f, 1e-8f};
  Trainer trainer(o);
  const double before = weighted(trainer.evaluate(b), b);
  std::vector<char> middle;
  for (int step = 0; step < 60; step++) {
    if (step == 40) middle = trainer.state();
    trainer.accumulate(b);
    trainer.update(adamw);
  }
  CHECK(weighted(trainer.evaluate(b), b) < 0.3 * before);
  Trainer resumed(o);
  resumed.set_state(middle);
  for (int step = 40; step < 60; step++) {
    resumed.accumulate(b);
    resumed.update(adamw);
  }
  CHECK(resumed.state() == trainer.state());
}

TEST(a_damaged_state_is_refused) {
  Trainer trainer(options_for("llama"));
  std::vector<char> state = trainer.state();
  state.resize(state.size() - 4);
  bool refused = false;
  try {
    trainer.set_state(state);
  } catch (const Error& error) {
    refused = error.code == "E_RUN";
  }
  CHECK(refused);
}

}  // namespace
}  // namespace harmonic
