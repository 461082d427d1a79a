#pragma once
#include <cstdint>

namespace harmonic {

// c (m, n) = a b + beta * c, where a(i, l) = a[i * row_a + l * column_a] and b (k, n) is row-major:
// for the products of attention over short sequences, that are over before a BLAS has begun.
void small_product(int64_t m, int64_t n, int64_t k, const float* a, int64_t row_a, int64_t column_a,
                   const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

}  // namespace harmonic
