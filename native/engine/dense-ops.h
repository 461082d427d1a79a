#pragma once
#include <cstdint>

#include "engine/dropout.h"

// What the full training's passes do to rows of activations, at once and by the calling thread: all
// arrays are F32 and row-major, a row a token.
namespace harmonic {

// y = x / rms(x) * gain, rows of `width`; inverse (n) gets 1 / rms.
void norm_rows(const float* x, const float* gain, float epsilon, int64_t width, int64_t n, float* y,
               float* inverse);
// Adds to the gradients of x and of the gain, given that of y.
void norm_rows_back(const float* dy, const float* x, const float* inverse, const float* gain,
                    int64_t width, int64_t n, float* dx, float* d_gain);

// y (n, n_ff) = silu(gate) * up, of rows of gate and up.
void swiglu_rows(const float* gate_up, int64_t n_ff, int64_t n, float* y);
// d_gate_up from the gradient of y.
void swiglu_rows_back(const float* gate_up, const float* dy, int64_t n_ff, int64_t n,
                      float* d_gate_up);

// y = or += the site's mask times x.
void drop_rows(const DropoutSite& site, const float* x, int64_t width, int64_t n, bool add,
               float* y);

// sum (width) += the rows of x.
void add_rows(const float* x, int64_t width, int64_t n, float* sum);

}  // namespace harmonic
