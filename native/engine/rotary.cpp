#include "engine/rotary.h"

#include <cmath>
#include <utility>

namespace harmonic {

RotaryTable::RotaryTable(const Hyperparameters& hp, std::vector<float> factors)
    : half_(hp.head_dim / 2),
      neox_(hp.rope_neox),
      base_(hp.rope_base),
      scale_(hp.rope_scale),
      factors_(std::move(factors)) {}

void RotaryTable::reserve(int n) {
  const size_t known = cosine_.size() / half_, wanted = static_cast<size_t>(n);
  if (wanted <= known) return;
  cosine_.resize(wanted * half_);
  sine_.resize(cosine_.size());
  for (size_t p = known; p < wanted; p++) {
    for (int i = 0; i < half_; i++) {
      const double factor = factors_.empty() ? 1.0 : factors_[i];
      const double angle = p * scale_ * factor * std::pow(base_, -1.0 * i / half_);
      cosine_[p * half_ + i] = static_cast<float>(std::cos(angle));
      sine_[p * half_ + i] = static_cast<float>(std::sin(angle));
    }
  }
}

}  // namespace harmonic
