#include "engine/lane-matrix.h"

#include <algorithm>

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

// R rows of W, packed as (n_in, R), by V vectors of lanes.
template <int R, int V>
void panel(const float* w, int n_in, const float* x, bool add, float* y) {
  Floats16 sums[R][V];
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++)
      sums[r][v] = add ? load16(y + r * kLanes + v * kLaneUnit) : Floats16{};
  }
  for (int i = 0; i < n_in; i++, w += R, x += kLanes) {
    Floats16 in[V];
    for (int v = 0; v < V; v++) in[v] = load16(x + v * kLaneUnit);
    for (int r = 0; r < R; r++) {
      const float weight = w[r];
      for (int v = 0; v < V; v++) sums[r][v] += weight * in[v];
    }
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) store16(sums[r][v], y + r * kLanes + v * kLaneUnit);
  }
}

template <int R>
void panel_of(int vectors, const float* w, int n_in, const float* x, bool add, float* y) {
  int v = 0;
  const auto at = [&](const float* from) { return from + v * kLaneUnit; };
  for (; v + kVectors <= vectors; v += kVectors)
    panel<R, kVectors>(w, n_in, at(x), add, y + v * kLaneUnit);
  for (; v + 2 <= vectors; v += 2) panel<R, 2>(w, n_in, at(x), add, y + v * kLaneUnit);
  if (v < vectors) panel<R, 1>(w, n_in, at(x), add, y + v * kLaneUnit);
}

// The last rows, fewer than a panel has.
template <int R>
void rest_of(int rows, int vectors, const float* w, int n_in, const float* x, bool add, float* y) {
  if constexpr (R > 0) {
    if (rows == R) return panel_of<R>(vectors, w, n_in, x, add, y);
    rest_of<R - 1>(rows, vectors, w, n_in, x, add, y);
  }
}

}  // namespace

LaneMatrix::LaneMatrix(const float* weights, int n_in, int n_out)
    : n_in_(n_in), n_out_(n_out), packed_(static_cast<size_t>(n_in) * n_out) {
  float* to = packed_.data();
  for (int o = 0; o < n_out; o += kRows) {
    const int rows = std::min(kRows, n_out - o);
    for (int i = 0; i < n_in; i++) {
      for (int r = 0; r < rows; r++) *to++ = weights[static_cast<size_t>(o + r) * n_in + i];
    }
  }
}

void LaneMatrix::multiply(const float* x, int n_lanes, bool add, float* y) const {
  const int vectors = (n_lanes + kLaneUnit - 1) / kLaneUnit;
  const float* w = packed_.data();
  int o = 0;
  for (; o + kRows <= n_out_; o += kRows, w += static_cast<size_t>(kRows) * n_in_)
    panel_of<kRows>(vectors, w, n_in_, x, add, y + static_cast<size_t>(o) * kLanes);
  rest_of<kRows - 1>(n_out_ - o, vectors, w, n_in_, x, add, y + static_cast<size_t>(o) * kLanes);
}

}  // namespace harmonic
