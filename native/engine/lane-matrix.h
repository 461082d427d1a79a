#pragma once
#include "engine/aligned-floats.h"

namespace harmonic {

// Tokens that are evaluated side by side, one a lane: activations are arrays (width, kLanes), so
// that whatever is done to a token is done to sixteen at once without sums across a register.
constexpr int kLanes = 64;
// Lanes are used in multiples of this.
constexpr int kLaneUnit = 16;

// A frozen matrix W for y = W x over lanes, packed in the order in which its product reads it.
class LaneMatrix {
 public:
  LaneMatrix() = default;
  // weights: shape (n_out, n_in), row-major
  LaneMatrix(const float* weights, int n_in, int n_out);

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }

  // y (n_out, kLanes) = W x, or += where `add`, in the first n_lanes lanes; x (n_in, kLanes)
  void multiply(const float* x, int n_lanes, bool add, float* y) const;

 private:
  int n_in_ = 0;
  int n_out_ = 0;
  // panels of a few rows one after another, each (n_in, rows)
  AlignedFloats packed_;
};

}  // namespace harmonic
