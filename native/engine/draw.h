#pragma once

#include <vector>

#include "engine/random.h"

namespace harmonic {

/** How one of the allowed tokens is drawn. */
struct DrawSettings {
  double temperature = 1;  // 0: the likeliest
  double top_p = 1;        // the likeliest tokens that reach this share together; 1: all
  double min_p = 0;        // tokens of at least this share of the likeliest; 0: all
};

/** Draws from softmaxes over a few of a model's logits. */
class Drawer {
 public:
  /** Sets the logits to draw among. Throws Error E_MODEL where one is not a number, or none finite.
   */
  void set(const float* logits, const int* places, int n);
  /** The index of one, by the inverse of the cumulative distribution; both limits look at the
   * distribution after temperature. */
  int draw(const DrawSettings& settings, SplitMix64& random);

  /** Natural log of its share at temperature 1. */
  double log_probability(int index) const;
  /** The share of a softmax over all n logits of the model that these hold together. */
  double mass(const float* logits, int n) const;

 private:
  double log_sum() const;
  void keep_top(double top_p);

  std::vector<double> logits_, weights_;
  std::vector<int> order_;
  int best_ = 0;
};

}  // namespace harmonic
