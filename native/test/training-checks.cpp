#include "test/training-checks.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "test/test.h"

namespace harmonic::test {
namespace {

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
    one.sets.push_back(all.sets[i]);
    one.weights.push_back(all.weights[i]);
  }
  return one;
}

}  // namespace

TrainBatch make_batch(int n_labels, const std::vector<int>& lengths) {
  std::mt19937 random(3);
  TrainBatch b;
  for (int length : lengths) {
    b.group_offsets.push_back(static_cast<int32_t>(b.tokens.size()));
    b.dropout_seeds.push_back(random());
    for (int i = 0; i < length; i++) {
      if (i + 1 < length && i % 3 != 0) {
        b.loss_positions.push_back(static_cast<int32_t>(b.tokens.size()));
        b.labels.push_back(static_cast<int32_t>(random() % n_labels));
        b.weights.push_back(0.05f * (1 + i % 2));
        b.sets.push_back(i % 2);
      }
      b.tokens.push_back(static_cast<int32_t>(random() % 64));
    }
  }
  b.group_offsets.push_back(static_cast<int32_t>(b.tokens.size()));
  return b;
}

TrainBatch next_token_batch(const std::vector<int32_t>& tokens) {
  TrainBatch b;
  b.tokens = tokens;
  b.group_offsets = {0, static_cast<int32_t>(tokens.size())};
  for (size_t i = 0; i + 1 < tokens.size(); i++) {
    b.loss_positions.push_back(static_cast<int32_t>(i));
    b.labels.push_back(tokens[i + 1]);
    b.weights.push_back(1);
  }
  return b;
}

double weighted(const std::vector<float>& losses, const TrainBatch& batch) {
  double sum = 0;
  for (size_t i = 0; i < losses.size(); i++) {
    sum += static_cast<double>(losses[i]) * batch.weights[i];
  }
  return sum;
}

void randomise(const std::vector<Parameter>& parameters) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (const Parameter& p : parameters) {
    const bool gain = p.name.find("norm") != std::string::npos;
    for (size_t i = 0; i < p.n; i++) {
      p.value[i] = gain ? 1 + 0.2f * normal(random) : 0.1f * normal(random);
    }
  }
}

std::vector<float> all_gradients(const std::vector<Parameter>& parameters) {
  std::vector<float> all;
  for (const Parameter& p : parameters) all.insert(all.end(), p.gradient, p.gradient + p.n);
  return all;
}

void check_gradients(Training& trainer, const std::vector<Parameter>& parameters,
                     const TrainBatch& batch, const std::function<void()>& changed) {
  const std::vector<float> gradients = all_gradients(parameters);
  const float* gradient = gradients.data();
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  for (const Parameter& p : parameters) {
    const std::vector<float> before(p.value, p.value + p.n);
    std::vector<float> direction(p.n);
    double analytic = 0;
    for (size_t i = 0; i < p.n; i++) {
      direction[i] = normal(random);
      analytic += static_cast<double>(direction[i]) * gradient[i];
    }
    gradient += p.n;
    const float step = 1e-3f;
    const auto loss_at = [&](float distance) {
      for (size_t i = 0; i < p.n; i++) p.value[i] = before[i] + distance * direction[i];
      changed();
      // a training pass, which alone has dropout
      return weighted(trainer.accumulate(batch), batch);
    };
    const double numeric = (loss_at(step) - loss_at(-step)) / (2.0 * step);
    std::copy(before.begin(), before.end(), p.value);
    CHECK_NEAR(analytic, numeric, 2e-3 + 2e-2 * std::abs(numeric));
  }
}

void check_groups_apart(const TrainBatch& batch,
                        const std::function<std::vector<float>(const TrainBatch&)>& pass) {
  const std::vector<float> together = pass(batch);
  size_t done = 0;
  for (size_t g = 0; g + 1 < batch.group_offsets.size(); g++) {
    for (float loss : pass(group_of(batch, g))) CHECK_NEAR(loss, together[done++], 1e-4);
  }
  CHECK_EQUAL(done, together.size());
}

void check_learning(Training& trainer, Training& resumed, const TrainBatch& batch,
                    const AdamWOptions& options) {
  const double before = weighted(trainer.evaluate(batch), batch);
  std::vector<char> middle;
  for (int step = 0; step < 60; step++) {
    if (step == 40) middle = trainer.state();
    trainer.accumulate(batch);
    trainer.update(options);
  }
  CHECK(weighted(trainer.evaluate(batch), batch) < 0.3 * before);
  resumed.accumulate(batch);
  resumed.set_state(middle);
  for (int step = 40; step < 60; step++) {
    resumed.accumulate(batch);
    resumed.update(options);
  }
  CHECK(resumed.state() == trainer.state());
}

}  // namespace harmonic::test
