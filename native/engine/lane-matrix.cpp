#include "engine/lane-matrix.h"

#include <algorithm>
#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include "engine/floats16.h"

namespace harmonic {
namespace {

static_assert(sizeof(Floats16) == kLaneUnit * sizeof(float), "a unit of lanes is a vector");

// Rows of a panel and vectors of lanes whose sums stay in registers: of 32 with AVX-512, where a
// vector is one, else of 16, where it is two.
#ifdef __AVX512F__
constexpr int kRows = 6, kVectors = 4;
#else
constexpr int kRows = 3, kVectors = 2;
#endif

// A step of a product is a row of activations, in F32.
struct Exact {
  using Factor = float;
  using Vector = Floats16;
  static Vector load(const Factor* from) { return load16(from); }
  static Factor weight(Factor w) { return w; }
  static void add(Factor weight, const Vector& in, Floats16& sum) { sum += weight * in; }
};

#ifdef __AVX512BF16__
// A step is a pair of rows in BF16.
struct Halves {
  using Factor = HalfPair;
  using Vector = __m512bh;
  static Vector load(const Factor* from) { return (Vector)_mm512_loadu_si512(from); }
  static Vector weight(Factor w) { return (Vector)_mm512_set1_epi32(static_cast<int>(w)); }
  static void add(const Vector& weight, const Vector& in, Floats16& sum) {
    sum = (Floats16)_mm512_dpbf16_ps((__m512)sum, in, weight);
  }
};
#endif

// R rows of W, packed as (n_steps, R), by V vectors of lanes.
template <class Kind, int R, int V>
void panel(const typename Kind::Factor* w, int n_steps, const typename Kind::Factor* x, bool add,
           float* y) {
  Floats16 sums[R][V];
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++)
      sums[r][v] = add ? load16(y + r * kLanes + v * kLaneUnit) : Floats16{};
  }
  for (int i = 0; i < n_steps; i++, w += R, x += kLanes) {
    typename Kind::Vector in[V];
    for (int v = 0; v < V; v++) in[v] = Kind::load(x + v * kLaneUnit);
    for (int r = 0; r < R; r++) {
      const auto weight = Kind::weight(w[r]);
      for (int v = 0; v < V; v++) Kind::add(weight, in[v], sums[r][v]);
    }
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) store16(sums[r][v], y + r * kLanes + v * kLaneUnit);
  }
}

// A product by rows of W in panels.
template <class Kind>
struct Product {
  using Factor = typename Kind::Factor;

  const Factor* w;
  int n_steps;
  const Factor* x;
  int vectors;  // of lanes
  bool add;

  void compute(int n_out, float* y) {
    int o = 0;
    for (; o + kRows <= n_out; o += kRows) panel_of<kRows>(y + static_cast<size_t>(o) * kLanes);
    rest_of<kRows - 1>(n_out - o, y + static_cast<size_t>(o) * kLanes);
  }

 private:
  template <int R>
  void panel_of(float* y) {
    int v = 0;
    const auto next = [&](auto n) {
      constexpr int kCount = decltype(n)::value;
      panel<Kind, R, kCount>(w, n_steps, x + v * kLaneUnit, add, y + v * kLaneUnit);
      v += kCount;
    };
    while (v + kVectors <= vectors) next(std::integral_constant<int, kVectors>());
    while (v + 2 <= vectors) next(std::integral_constant<int, 2>());
    if (v < vectors) next(std::integral_constant<int, 1>());
    w += static_cast<size_t>(R) * n_steps;
  }

  // The last rows, fewer than a panel has.
  template <int R>
  void rest_of(int rows, float* y) {
    if constexpr (R > 0) {
      if (rows == R) return panel_of<R>(y);
      rest_of<R - 1>(rows, y);
    }
  }
};

// Calls `put(row, step)` in the order of a product: of each panel's rows step by step.
template <class Put>
void in_panels(int n_out, int n_steps, const Put& put) {
  for (int o = 0; o < n_out; o += kRows) {
    const int end = std::min(o + kRows, n_out);
    for (int i = 0; i < n_steps; i++) {
      for (int r = o; r < end; r++) put(r, i);
    }
  }
}

int pairs_of(int n) { return (n + 1) / 2; }

}  // namespace

LaneMatrix::LaneMatrix(const float* weights, int n_in, int n_out, bool has_halves)
    : n_in_(n_in), n_out_(n_out), packed_(static_cast<size_t>(n_in) * n_out) {
  const auto weight = [&](int row, int i) { return weights[static_cast<size_t>(row) * n_in + i]; };
  float* to = packed_.data();
  in_panels(n_out, n_in, [&](int row, int i) { *to++ = weight(row, i); });
  if (!has_half_products() || !has_halves) return;
  halves_ = AlignedArray<HalfPair>(static_cast<size_t>(pairs_of(n_in)) * n_out);
  HalfPair* pair = halves_.data();
  in_panels(n_out, pairs_of(n_in), [&](int row, int i) {
    const float second = 2 * i + 1 < n_in ? weight(row, 2 * i + 1) : 0.0f;
    *pair++ = HalfPair{bfloat16_of(second)} << 16 | bfloat16_of(weight(row, 2 * i));
  });
}

void LaneMatrix::multiply(const LaneInput& in, int n_lanes, bool add, float* y) const {
  const int vectors = (n_lanes + kLaneUnit - 1) / kLaneUnit;
#ifdef __AVX512BF16__
  if (in.pairs != nullptr) {
    Product<Halves>{halves_.data(), pairs_of(n_in_), in.pairs, vectors, add}.compute(n_out_, y);
    return;
  }
#endif
  Product<Exact>{packed_.data(), n_in_, in.x, vectors, add}.compute(n_out_, y);
}

void pair_lanes(const float* x, int n, int n_lanes, HalfPair* pairs) {
#ifdef __AVX512BF16__
  // Of 32 numbers the first 16 and the last 16 in turn.
  uint16_t turns[2 * kLaneUnit];
  for (int l = 0; l < kLaneUnit; l++) {
    turns[2 * l] = static_cast<uint16_t>(l);
    turns[2 * l + 1] = static_cast<uint16_t>(kLaneUnit + l);
  }
  const __m512i in_turn = _mm512_loadu_si512(turns);
  for (int i = 0; i < n; i += 2, x += 2 * kLanes, pairs += kLanes) {
    for (int l = 0; l < n_lanes; l += kLaneUnit) {
      const __m512 first = _mm512_loadu_ps(x + l);
      const __m512 second = i + 1 < n ? _mm512_loadu_ps(x + kLanes + l) : _mm512_setzero_ps();
      const auto both = (__m512i)_mm512_cvtne2ps_pbh(second, first);
      _mm512_storeu_si512(pairs + l, _mm512_permutexvar_epi16(in_turn, both));
    }
  }
#else
  (void)x, (void)n, (void)n_lanes, (void)pairs;
#endif
}

}  // namespace harmonic
