#include "test/naive-model.h"

#include <cmath>
#include <random>

#include "engine/trainer.h"
#include "test/test.h"
#include "test/tiny-model.h"
#include "test/training-checks.h"

namespace harmonic {
namespace {

constexpr int kLabels = 12;

TrainerOptions options_for(const std::string& architecture, bool cut) {
  TrainerOptions o;
  o.path = test::write_tiny_model(architecture);
  o.adapter.rank = 4;
  o.adapter.alpha = 8;
  o.adapter.targets = {"q", "k", "v", "o", "gate", "up", "down"};
  o.weights = GGML_TYPE_F32;
  if (!cut) return o;
  // Two sets: all of twelve ids, and the first five.
  for (int i = 0; i < kLabels; i++) o.vocabulary.push_back(3 + 5 * i);
  for (int set = 0; set < 2; set++) {
    for (int i = 0; i < kLabels; i++) o.allowed_sets.push_back(set == 0 || i < 5);
  }
  return o;
}

/** Two packed groups, half of the positions under loss. */
TrainBatch make_batch() {
  std::mt19937 random(17);
  TrainBatch b;
  b.group_offsets = {0, 7, 12};
  for (int t = 0; t < 12; t++) {
    b.tokens.push_back(static_cast<int32_t>(random() % 64));
    if (t % 2 == 0) continue;
    b.loss_positions.push_back(t);
    b.labels.push_back(static_cast<int32_t>(random() % 5));
    b.sets.push_back(static_cast<int32_t>(b.sets.size() % 2));
    b.weights.push_back(0.1f * static_cast<float>(1 + t % 3));
  }
  return b;
}

double weighted(const std::vector<double>& losses, const TrainBatch& b) {
  double sum = 0;
  for (size_t i = 0; i < losses.size(); i++) sum += losses[i] * b.weights[i];
  return sum;
}

/** Losses within 1e-5 relative; every gradient looked at within 1e-4 of the largest one's size. */
void check(const TrainerOptions& o) {
  Trainer trainer(o);
  test::randomise(trainer.adapter().parameters());
  const TrainBatch b = make_batch();
  const test::NaiveModel naive(o.path, trainer.adapter(), o.adapter.alpha / o.adapter.rank);
  const auto naive_losses = [&] { return naive.losses(b, o.vocabulary, o.allowed_sets); };
  const std::vector<double> expected = naive_losses();
  const std::vector<float> losses = trainer.accumulate(b);
  for (size_t i = 0; i < losses.size(); i++) {
    CHECK_NEAR(losses[i], expected[i], 1e-5 * (1 + expected[i]));
  }

  double largest = 0;
  for (const auto& p : trainer.adapter().parameters()) {
    for (size_t i = 0; i < p.n; i++) largest = std::max<double>(largest, std::abs(p.gradient[i]));
  }
  // Central differences in double precision: the only error is the fast path's own.
  for (const auto& p : trainer.adapter().parameters()) {
    for (int draw = 0; draw < 3; draw++) {
      float& value = p.value[random() % p.n];
      const float before = value;
      const float step = 1.0f / 1024;
      value = before + step;
      const double up = weighted(naive_losses(), b), above = value;
      value = before - step;
      const double down = weighted(naive_losses(), b), below = value;
      value = before;
      CHECK_NEAR(p.gradient[&value - p.value], (up - down) / (above - below), 1e-4 * largest);
    }
  }
}

TEST(the_trainer_agrees_with_plain_loops) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"})
    check(options_for(architecture, false));
}

TEST(the_trainer_agrees_with_plain_loops_over_allowed_ids) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"})
    check(options_for(architecture, true));
}

}  // namespace
}  // namespace harmonic
