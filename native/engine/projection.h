#pragma once
#include <cstdint>

// The full training's products: of rows of activations, a row a token, and a matrix of weights. All
// arrays are F32 and row-major, sums are in F32, and the calling thread computes.
namespace harmonic {

// What factors are rounded to before they are multiplied.
enum class Factors {
  f32,
  bf16,  // of most tokens; where has_half_products
};

// c (m, n) = op(a) op(b) + beta * c, by oneDNN.
void product(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float* a,
             int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

// A matrix of weights W (n_out, n_in).
struct Projection {
  const float* weights;
  int64_t n_in, n_out;
  Factors factors;

  // y (n, n_out) = x W^T, or += where `add`.
  void forward(const float* x, int64_t n, bool add, float* y) const;
  // Given the gradient of y: dx (n, n_in) = dy W, dW += dy^T x.
  void backward(const float* dy, const float* x, int64_t n, float* dx, float* dw) const;
};

}  // namespace harmonic
