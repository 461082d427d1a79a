#include "engine/small-product.h"

#include "engine/floats16.h"

namespace harmonic {
namespace {

constexpr int64_t kLanes = 16;

struct Operands {
  int64_t k;
  const float* a;
  int64_t row_a, column_a;
  const float* b;
  int64_t ldb;
  float beta;
  float* c;
  int64_t ldc;
};

// R rows of C * kLanes columns, at row i and column j.
template <int R, int C>
void tile(const Operands& o, int64_t i, int64_t j) {
  const float* a = o.a + i * o.row_a;
  Floats16 sum[R][C] = {};
  for (int64_t l = 0; l < o.k; l++) {
    const float* b = o.b + l * o.ldb + j;
    Floats16 row[C];
    for (int v = 0; v < C; v++) row[v] = load16(b + v * kLanes);
    for (int r = 0; r < R; r++) {
      const float x = a[r * o.row_a + l * o.column_a];
      for (int v = 0; v < C; v++) sum[r][v] += x * row[v];
    }
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < C; v++) {
      float* c = o.c + (i + r) * o.ldc + j + v * kLanes;
      if (o.beta != 0) sum[r][v] += o.beta * load16(c);
      store16(sum[r][v], c);
    }
  }
}

template <int C>
void columns(const Operands& o, int64_t m, int64_t j) {
  int64_t i = 0;
  for (; i + 5 <= m; i += 5) tile<5, C>(o, i, j);
  for (; i + 2 <= m; i += 2) tile<2, C>(o, i, j);
  if (i < m) tile<1, C>(o, i, j);
}

}  // namespace

void small_product(int64_t m, int64_t n, int64_t k, const float* a, int64_t row_a, int64_t column_a,
                   const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  const Operands o = {k, a, row_a, column_a, b, ldb, beta, c, ldc};
  int64_t j = 0;
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) columns<2>(o, m, j);
  if (j + kLanes <= n) {
    columns<1>(o, m, j);
    j += kLanes;
  }
  for (; j < n; j++) {
    for (int64_t i = 0; i < m; i++) {
      float sum = 0;
      for (int64_t l = 0; l < k; l++) sum += a[i * row_a + l * column_a] * b[l * ldb + j];
      c[i * ldc + j] = beta == 0 ? sum : beta * c[i * ldc + j] + sum;
    }
  }
}

}  // namespace harmonic
