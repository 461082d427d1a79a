#pragma once
#include <cblas.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ggml.h"

// What custom operations of our graphs share: rows of F32 tensors, parts of work, products. All run
// on the CPU.
namespace harmonic {

struct Range {
  int64_t begin, end;
};

// The ith of nth nearly equal parts of n, in multiples of `unit`.
inline Range part(int64_t n, int ith, int nth, int64_t unit) {
  const int64_t units = (n + unit - 1) / unit;
  return {std::min(n, units * ith / nth * unit), std::min(n, units * (ith + 1) / nth * unit)};
}

inline const float* data(const ggml_tensor* t) { return static_cast<const float*>(t->data); }
inline float* data(ggml_tensor* t) { return static_cast<float*>(t->data); }
inline int stride(const ggml_tensor* t) { return static_cast<int>(t->nb[1] / sizeof(float)); }

// c (m, n) = alpha * op(a) op(b) + beta * c, row-major.
inline void gemm(bool trans_a, bool trans_b, int m, int n, int k, float alpha, const float* a,
                 int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
              trans_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

inline ggml_tensor* custom(ggml_context* c, int64_t ne0, int64_t ne1,
                           std::vector<ggml_tensor*> args, ggml_custom_op_t kernel, void* user) {
  return ggml_custom_4d(c, GGML_TYPE_F32, ne0, ne1, 1, 1, args.data(),
                        static_cast<int>(args.size()), kernel, GGML_N_TASKS_MAX, user);
}

inline ggml_tensor* custom_inplace(ggml_context* c, ggml_tensor* a, std::vector<ggml_tensor*> args,
                                   ggml_custom_op_t kernel, void* user) {
  return ggml_custom_inplace(c, a, args.data(), static_cast<int>(args.size()), kernel,
                             GGML_N_TASKS_MAX, user);
}

}  // namespace harmonic
