#include "engine/gradient-comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace harmonic {
namespace {

/** About the size of a small matrix: in larger ones errors would even out. */
constexpr size_t kBlock = 1 << 13;

/** Numbers of a trainer's state: values, then first and second moments. */
size_t header_size(const Training& trainer, const std::vector<char>& state) {
  return state.size() - 3 * trainer.n_parameters() * sizeof(float);
}

/** Of an adapter that has learnt something, so that every gradient matters. */
std::vector<char> random_state(Training& trainer) {
  std::vector<char> state = trainer.state();
  std::vector<float> values(trainer.n_parameters());
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.02f);
  for (float& x : values) x = normal(random);
  std::memcpy(state.data() + header_size(trainer, state), values.data(),
              values.size() * sizeof(float));
  return state;
}

/**
 * By the public door: with beta1 zero and a rate of zero an update leaves the gradients as the
 * first moments.
 */
std::vector<float> gradients_of(Training& trainer) {
  trainer.update({0, 0, 0, 0, 0.999f, 1e-8f});
  const std::vector<char> state = trainer.state();
  std::vector<float> gradients(trainer.n_parameters());
  std::memcpy(gradients.data(),
              state.data() + header_size(trainer, state) + gradients.size() * sizeof(float),
              gradients.size() * sizeof(float));
  return gradients;
}

/** The largest of ||a - b|| / ||b|| over blocks; 0 for blocks that are zero in both. */
double largest_error(const std::vector<float>& a, const std::vector<float>& b, size_t block) {
  double largest = 0;
  for (size_t start = 0; start < b.size(); start += block) {
    double difference = 0, norm = 0;
    for (size_t i = start; i < std::min(b.size(), start + block); i++) {
      const double d = static_cast<double>(a[i]) - b[i];
      difference += d * d;
      norm += static_cast<double>(b[i]) * b[i];
    }
    if (difference == 0) continue;
    const double error = std::sqrt(difference / norm);
    if (!std::isfinite(error)) return INFINITY;
    largest = std::max(largest, error);
  }
  return largest;
}

}  // namespace

GradientComparison compare_gradients(Training& actual, Training& expected,
                                     const TrainBatch& batch) {
  const std::vector<char> state = random_state(expected);
  std::vector<float> losses[2], gradients[2];
  Training* trainers[] = {&actual, &expected};
  for (int i = 0; i < 2; i++) {
    trainers[i]->set_state(state);
    losses[i] = trainers[i]->accumulate(batch);
    gradients[i] = gradients_of(*trainers[i]);
  }
  return {largest_error(losses[0], losses[1], losses[1].size()),
          largest_error(gradients[0], gradients[1], kBlock)};
}

}  // namespace harmonic
