#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "ggml.h"

namespace harmonic {

// A frozen matrix for y = W x in 8-bit integers through oneDNN (VNNI): each row of W has a scale,
// each column of x gets one when it is multiplied. The product is exact in 32 bits, so the error is
// that of rounding W and x to 8 bits.
class Int8Matrix {
 public:
  // weights: shape (n_out, n_in), row-major; null for a shape alone, in graphs that are only
  // measured
  Int8Matrix(const float* weights, int n_in, int n_out);
  ~Int8Matrix();
  Int8Matrix(const Int8Matrix&) = delete;
  Int8Matrix& operator=(const Int8Matrix&) = delete;

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }

  // Bytes that it holds, or would hold.
  size_t bytes() const;
  // Bytes that a thread works with while it multiplies n tokens.
  size_t work_bytes(int64_t n) const;

  // x [n_in, N] F32 -> [n_out, N] F32, as an operation of a ggml graph on the CPU.
  ggml_tensor* multiply(ggml_context* c, ggml_tensor* x);
  // The same at once: x shape (n, n_in) with row stride ldx, y shape (n, n_out) with row stride
  // ldy, by the calling thread alone.
  void multiply(const float* x, int64_t ldx, float* y, int64_t ldy, int n) const;

  // Whether this processor has the instructions that make it worth while.
  static bool is_fast_here();

 private:
  struct Kernel;
  int n_in_;
  int n_out_;
  std::vector<float> scales_;      // (n_out)
  std::vector<int32_t> row_sums_;  // (n_out), of the rounded weights
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace harmonic
