#include "engine/training-probe.h"

#include <algorithm>
#include <random>

#include "engine/error.h"
#include "engine/gradient-comparison.h"
#include "engine/probe-limit.h"

namespace harmonic {
namespace {

constexpr int kGroupTokens[] = {40, 23, 2};

/** Any tokens, with a loss on every second position. */
TrainBatch any_batch(const TrainerOptions& options, int n_vocab) {
  TrainBatch batch;
  std::mt19937 random(1);
  const int n_ids =
      options.vocabulary.empty() ? n_vocab : static_cast<int>(options.vocabulary.size());
  const std::vector<uint8_t>& allowed = options.allowed_sets;
  const int n_sets = std::max<int>(1, static_cast<int>(allowed.size() / n_ids));
  batch.group_offsets.push_back(0);
  for (const int length : kGroupTokens) {
    for (int t = 0; t < length; t++) {
      const int position = static_cast<int>(batch.tokens.size());
      batch.tokens.push_back(static_cast<int32_t>(random() % n_vocab));
      if (t % 2 == 0) continue;
      const auto set = static_cast<int32_t>(random() % n_sets);
      auto label = static_cast<int32_t>(random() % n_ids);
      const auto is_allowed = [&](int32_t id) {
        return allowed.empty() || allowed[static_cast<size_t>(set) * n_ids + id] != 0;
      };
      for (int i = 0; i < n_ids && !is_allowed(label); i++) label = (label + 1) % n_ids;
      batch.loss_positions.push_back(position);
      batch.sets.push_back(set);
      batch.labels.push_back(label);
      batch.weights.push_back(1.0f / static_cast<float>(length));
    }
    batch.group_offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
    batch.dropout_seeds.push_back(random());
  }
  return batch;
}

}  // namespace

std::string training_obstacle(const TrainerOptions& wanted) {
  TrainerOptions options = wanted;
  options.layers = kProbedLayers;
  try {
    Trainer actual(options);
    options.device.clear();
    Trainer expected(options);
    const GradientComparison error =
        compare_gradients(actual, expected, any_batch(options, expected.n_vocabulary()));
    const std::string obstacle = obstacle_of("losses", error.losses);
    return obstacle.empty() ? obstacle_of("gradients", error.gradients) : obstacle;
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace harmonic
