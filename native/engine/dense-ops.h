#pragma once
#include <cstdint>

#include "engine/dropout.h"

// What the full training's passes do to rows of activations, at once and by the calling thread: all
// arrays are F32 and row-major, a row a token.
namespace harmonic {

// c (m, n) = op(a) op(b) + beta * c, by oneDNN.
void product(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float* a,
             int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

// y (n, n_out) = x W^T + beta * y, with W (n_out, n_in).
inline void project(const float* w, int64_t n_in, int64_t n_out, const float* x, int64_t n,
                    float beta, float* y) {
  product(false, true, n, n_out, n_in, x, n_in, w, n_in, beta, y, n_out);
}
// dx (n, n_in) = dy W.
inline void project_back(const float* w, int64_t n_in, int64_t n_out, const float* dy, int64_t n,
                         float* dx) {
  product(false, false, n, n_in, n_out, dy, n_out, w, n_in, 0, dx, n_in);
}
// dW += dy^T x.
inline void add_outer(const float* dy, int64_t n_out, const float* x, int64_t n_in, int64_t n,
                      float* dw) {
  product(true, false, n_out, n_in, n, dy, n_out, x, n_in, 1, dw, n_in);
}

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
