#include "engine/draw.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/error.h"

namespace harmonic {

void Drawer::set(const float* logits, const int* places, int n) {
  logits_.resize(n);
  best_ = 0;
  for (int i = 0; i < n; i++) {
    logits_[i] = logits[places[i]];
    if (std::isnan(logits_[i])) {
      throw Error("E_MODEL", "the model's output is not a number",
                  "the base model or the adapter is damaged");
    }
    if (logits_[i] > logits_[best_]) best_ = i;
  }
  if (!std::isfinite(logits_[best_])) {
    throw Error("E_MODEL", "the model's output is not finite",
                "the base model or the adapter is damaged");
  }
}

int Drawer::draw(const DrawSettings& settings, SplitMix64& random) {
  if (settings.temperature <= 0) return best_;
  const auto n = static_cast<int>(logits_.size());
  const double largest = logits_[best_];
  weights_.resize(n);
  for (int i = 0; i < n; i++) weights_[i] = std::exp((logits_[i] - largest) / settings.temperature);
  if (settings.top_p < 1) keep_top(settings.top_p);
  // The likeliest weighs 1.
  for (double& weight : weights_) {
    if (weight < settings.min_p) weight = 0;
  }
  double left = random.uniform() * std::accumulate(weights_.begin(), weights_.end(), 0.0);
  int chosen = best_;
  for (int i = 0; i < n; i++) {
    if (weights_[i] == 0) continue;
    chosen = i;
    left -= weights_[i];
    if (left < 0) break;
  }
  return chosen;
}

void Drawer::keep_top(double top_p) {
  order_.resize(weights_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](int a, int b) { return weights_[a] > weights_[b]; });
  const double enough = top_p * std::accumulate(weights_.begin(), weights_.end(), 0.0);
  double sum = 0;
  for (const int i : order_) {
    if (sum >= enough && i != best_) {
      weights_[i] = 0;
    } else {
      sum += weights_[i];
    }
  }
}

double Drawer::log_sum() const {
  double sum = 0;
  for (const double logit : logits_) sum += std::exp(logit - logits_[best_]);
  return logits_[best_] + std::log(sum);
}

double Drawer::log_probability(int index) const { return logits_[index] - log_sum(); }

double Drawer::mass(const float* logits, int n) const {
  const float largest = *std::max_element(logits, logits + n);
  double sum = 0;
  for (int i = 0; i < n; i++) sum += std::exp(static_cast<double>(logits[i] - largest));
  return std::min(1.0, std::exp(log_sum() - largest - std::log(sum)));
}

}  // namespace harmonic
