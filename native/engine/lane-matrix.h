#pragma once
#include <cstdint>

#include "engine/aligned-array.h"
#include "engine/bfloat16.h"

namespace harmonic {

// Tokens that are evaluated side by side, one a lane: activations are arrays (width, kLanes), so
// that whatever is done to a token is done to sixteen at once without sums across a register.
constexpr int kLanes = 64;
// Lanes are used in multiples of this.
constexpr int kLaneUnit = 16;

// Two numbers in BF16, the first in the lower half.
using HalfPair = uint32_t;

// Rows 2 i and 2 i + 1 of x (n, kLanes), the last one beside zeros where n is odd, rounded to BF16
// in the first n_lanes lanes: shape ((n + 1) / 2, kLanes). Only where has_half_products.
void pair_lanes(const float* x, int n, int n_lanes, HalfPair* pairs);

// What a product reads: activations in F32, or where they are given pairs of them in BF16.
struct LaneInput {
  const float* x;  // (n_in, kLanes)
  const HalfPair* pairs = nullptr;
};

// A frozen matrix W for y = W x over lanes, packed in the order in which its product reads it.
class LaneMatrix {
 public:
  LaneMatrix() = default;
  // weights: shape (n_out, n_in), row-major; has_halves: products may be of pairs too
  LaneMatrix(const float* weights, int n_in, int n_out, bool has_halves = false);

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }

  // y (n_out, kLanes) = W x, or += where `add`, in the first n_lanes lanes, with sums in F32
  void multiply(const LaneInput& in, int n_lanes, bool add, float* y) const;

 private:
  int n_in_ = 0;
  int n_out_ = 0;
  // panels of a few rows one after another, each (n_in, rows)
  AlignedFloats packed_;
  AlignedArray<HalfPair> halves_;  // the same of pairs of columns, rounded
};

}  // namespace harmonic
