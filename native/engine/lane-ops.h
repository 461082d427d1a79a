#pragma once
#include "engine/lane-matrix.h"

// What is done to activations over lanes beside products: all arrays are (width, kLanes), and only
// the first n_lanes lanes, a multiple of kLaneUnit, are looked at.
namespace harmonic {

// y = x / rms(x) * gain; y may be x.
void norm_lanes(const float* x, const float* gain, float epsilon, int width, int n_lanes, float* y);

// y = silu(gate) * up, of x (2 n_ff): rows of gate, then of up.
void swiglu_lanes(const float* x, int n_ff, int n_lanes, float* y);

// x += bias
void add_to_lanes(const float* bias, int width, int n_lanes, float* x);

// Rotates one head in place by angles of each lane, shape (head_dim / 2, kLanes): pairs
// (i, i + head_dim / 2) where `neox`, else (2 i, 2 i + 1).
void rotate_lanes(const float* cosine, const float* sine, int head_dim, bool neox, int n_lanes,
                  float* x);

// One head over the keys and values of the lanes' own sequences, the next position `stride` behind
// each. A lane sees the first seen[lane] of `most` positions. scores: (most, kLanes), scratch.
void attend_lanes(const float* q, const float* keys, const float* values, size_t stride,
                  const int* seen, int most, int head_dim, int n_lanes, float* scores, float* out);

// One head of one lane's sequence, its first n positions, laid out for attend_gathered:
// keys_by_row (head_dim, n) and values_by_row (n, head_dim).
void gather_lane(const float* keys, const float* values, size_t stride, int n, int head_dim,
                 int lane, float* keys_by_row, float* values_by_row);

// One head of the token in one lane of q and out, which sees the first `seen` of n gathered
// positions. scores: (n), scratch.
void attend_gathered(const float* q, const float* keys_by_row, const float* values_by_row, int seen,
                     int n, int head_dim, int lane, float* scores, float* out);

}  // namespace harmonic
