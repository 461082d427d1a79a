#pragma once
#include <vector>

#include "engine/weights.h"

namespace harmonic {

// Rotary positions (Su et al., 2021) of a model's heads: a table of their angles, as long as was
// asked for.
class RotaryTable {
 public:
  // `factors` as Weights::rope_factors.
  RotaryTable(const Hyperparameters& hp, std::vector<float> factors);

  // Makes the table long enough for n positions.
  void reserve(int n);

  // Of the angles at a position, one a pair.
  const float* cosine(int position) const {
    return cosine_.data() + static_cast<size_t>(position) * half_;
  }
  const float* sine(int position) const {
    return sine_.data() + static_cast<size_t>(position) * half_;
  }

  // Rotates a head in place; direction -1 undoes it (and is its gradient). Inline, so that it is
  // compiled with the flags of the kernels that call it.
  void rotate(float* x, int position, float direction) const {
    const float *cosine = this->cosine(position), *sine = this->sine(position);
    if (neox_) {
      for (int i = 0; i < half_; i++) {
        const float a = x[i], b = x[i + half_], s = direction * sine[i];
        x[i] = a * cosine[i] - b * s;
        x[i + half_] = a * s + b * cosine[i];
      }
    } else {
      for (int i = 0; i < half_; i++) {
        const float a = x[2 * i], b = x[2 * i + 1], s = direction * sine[i];
        x[2 * i] = a * cosine[i] - b * s;
        x[2 * i + 1] = a * s + b * cosine[i];
      }
    }
  }

 private:
  int half_;  // pairs of a head
  bool neox_;
  double base_, scale_;
  std::vector<float> factors_;
  // shape (positions, half)
  std::vector<float> cosine_, sine_;
};

}  // namespace harmonic
