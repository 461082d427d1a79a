#include "engine/knn.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "engine/error.h"

namespace harmonic {
namespace {

// Queries searched at once: bounds the memory of candidates and of Faiss's block of distances.
constexpr size_t kBlock = 4096;
// Below so many points an inverted file gains nothing.
constexpr size_t kLeastForCells = 4000;
// Cells that a row looks into.
constexpr size_t kProbes = 16;

using Candidate =
    std::pair<double, int32_t>;  // squared distance, id: compares as ties go to the smaller id

double squared_distance(const float* a, const float* b, size_t d) {
  double sum = 0;
  for (size_t j = 0; j < d; j++) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += difference * difference;
  }
  return sum;
}

void check_finite(const float* values, size_t rows, size_t d, const char* name) {
  for (size_t i = 0; i < rows * d; i++) {
    if (!std::isfinite(values[i])) {
      throw Error("E_INPUT", "expected finite numbers in `" + std::string(name) + "` but row " +
                                 std::to_string(i / d) + ", column " + std::to_string(i % d) +
                                 " is " + std::to_string(values[i]));
    }
  }
}

void check(const NeighborQuery& q) {
  const bool self = q.queries == nullptr;
  if (q.d == 0) throw Error("E_INPUT", "expected at least one column in `points` but received 0");
  if (q.n > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    throw Error("E_INPUT", "expected fewer than 2^31 points but received " + std::to_string(q.n));
  }
  const size_t available = self ? (q.n == 0 ? 0 : q.n - 1) : q.n;
  if (q.k == 0 || q.k > available) {
    throw Error("E_INPUT",
                "expected `k` between 1 and " + std::to_string(available) + " (" +
                    std::to_string(q.n) + " points) but received " + std::to_string(q.k),
                "give a smaller k or a table with more rows");
  }
  if (self && q.m != q.n) throw Error("E_INPUT", "expected one query per point in a self-join");
  check_finite(q.points, q.n, q.d, "points");
  if (!self) check_finite(q.queries, q.m, q.d, "queries");
}

// Keeps the k smallest of `candidates`, ascending, as row `i` of the result.
void keep_nearest(std::vector<Candidate>& candidates, size_t i, size_t k, Neighbors& result) {
  std::partial_sort(candidates.begin(), candidates.begin() + k, candidates.end());
  for (size_t j = 0; j < k; j++) {
    result.distances[i * k + j] = static_cast<float>(candidates[j].first);
    result.ids[i * k + j] = candidates[j].second;
  }
}

/** The squared distance in single precision: right to a relative error of (d + 4) epsilon. */
float quick_distance(const float* a, const float* b, size_t d) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t j = 0; j < d; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/**
 * Looks at every point, in the order of ids. `bound` is a distance that the k-th neighbour cannot
 * exceed; points that single precision shows to be farther are passed over.
 */
void search_all(const NeighborQuery& q, size_t i, double bound, Neighbors& result) {
  const bool self = q.queries == nullptr;
  const float* row = (self ? q.points : q.queries) + i * q.d;
  const double slack =
      1.0 + 2.0 * static_cast<double>(q.d + 8) * std::numeric_limits<float>::epsilon();
  std::vector<Candidate> nearest;  // a heap, the farthest first
  nearest.reserve(q.k + 1);
  for (size_t p = 0; p < q.n; p++) {
    if (self && p == i) continue;
    const bool full = nearest.size() == q.k;
    const double limit = full ? nearest.front().first : bound;
    if (full && limit == 0) break;  // no later id can win
    const float* point = q.points + p * q.d;
    const double quick = quick_distance(row, point, q.d);
    if (quick > limit * slack && std::isfinite(quick)) continue;
    const double distance = squared_distance(row, point, q.d);
    if (full && distance >= limit) continue;  // a tie goes to the smaller id, which came before
    nearest.emplace_back(distance, static_cast<int32_t>(p));
    std::push_heap(nearest.begin(), nearest.end());
    if (full) {
      std::pop_heap(nearest.begin(), nearest.end());
      nearest.pop_back();
    }
  }
  keep_nearest(nearest, i, q.k, result);
}

// Distances do not change when all rows move together; small norms keep Faiss's rounding errors
// small.
std::vector<float> column_means(const NeighborQuery& q) {
  std::vector<double> sums(q.d, 0.0);
  for (size_t i = 0; i < q.n; i++) {
    for (size_t j = 0; j < q.d; j++) sums[j] += q.points[i * q.d + j];
  }
  std::vector<float> means(q.d);
  for (size_t j = 0; j < q.d; j++)
    means[j] = static_cast<float>(sums[j] / static_cast<double>(q.n));
  return means;
}

void centre(const float* rows, size_t n, const std::vector<float>& means, float* out) {
  const size_t d = means.size();
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < d; j++) out[i * d + j] = rows[i * d + j] - means[j];
  }
}

double largest_norm(const float* rows, size_t n, size_t d) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) {
    double norm = 0;
    for (size_t j = 0; j < d; j++) norm += static_cast<double>(rows[i * d + j]) * rows[i * d + j];
    largest = std::max(largest, norm);
  }
  return largest;
}

/** An index of points on cells about k-means centres, fitted on a sample of them by a fixed seed.
 */
struct CellIndex {
  CellIndex(const float* points, size_t n, size_t d)
      : centres(static_cast<faiss::Index::idx_t>(d)),
        index(&centres, d, static_cast<size_t>(std::sqrt(static_cast<double>(n)))) {
    index.nprobe = kProbes;
    index.cp.niter = 10;
    index.cp.max_points_per_centroid = 64;
    index.train(static_cast<faiss::Index::idx_t>(n), points);
    index.add(static_cast<faiss::Index::idx_t>(n), points);
  }
  faiss::IndexFlatL2 centres;
  faiss::IndexIVFFlat index;
};

}  // namespace

Neighbors nearest_neighbors(const NeighborQuery& q) {
  check(q);
  const bool self = q.queries == nullptr;
  const float* queries = self ? q.points : q.queries;
  omp_set_num_threads(std::max(1, q.threads));

  const std::vector<float> means = column_means(q);
  std::vector<float> centred(q.n * q.d);
  centre(q.points, q.n, means, centred.data());
  const double points_norm = largest_norm(centred.data(), q.n, q.d);
  const bool in_cells = q.approximate && q.n >= kLeastForCells;
  faiss::IndexFlatL2 flat(static_cast<faiss::Index::idx_t>(q.d));
  std::unique_ptr<CellIndex> cells;
  if (in_cells) {
    cells = std::make_unique<CellIndex>(centred.data(), q.n, q.d);
  } else {
    flat.add(static_cast<faiss::Index::idx_t>(q.n), centred.data());
  }
  const faiss::Index& index = in_cells ? static_cast<const faiss::Index&>(cells->index) : flat;
  centred.clear();
  centred.shrink_to_fit();

  // The row itself, and a few more so that ties at the k-th distance are seen.
  const size_t wanted = std::min(q.n, q.k + (self ? 1 : 0) + std::max<size_t>(8, q.k));
  Neighbors result{std::vector<int32_t>(q.m * q.k), std::vector<float>(q.m * q.k)};
  std::vector<float> block(kBlock * q.d);
  std::vector<float> distances(kBlock * wanted);
  std::vector<faiss::Index::idx_t> ids(kBlock * wanted);

  for (size_t start = 0; start < q.m; start += kBlock) {
    const size_t rows = std::min(kBlock, q.m - start);
    centre(queries + start * q.d, rows, means, block.data());
    index.search(static_cast<faiss::Index::idx_t>(rows), block.data(),
                 static_cast<faiss::Index::idx_t>(wanted), distances.data(), ids.data());
    // Bound of the rounding error of |x|^2 + |y|^2 - 2xy and of centring, in single precision.
    const double scale = points_norm + largest_norm(block.data(), rows, q.d);
    const double error =
        4.0 * static_cast<double>(q.d + 8) * std::numeric_limits<float>::epsilon() * scale;

#pragma omp parallel for schedule(dynamic, 64)
    for (size_t b = 0; b < rows; b++) {
      const size_t i = start + b;
      const float* row = queries + i * q.d;
      const int32_t own = self ? static_cast<int32_t>(i) : -1;
      std::vector<Candidate> candidates;
      candidates.reserve(wanted);
      for (size_t j = 0; j < wanted; j++) {
        const faiss::Index::idx_t id = ids[b * wanted + j];
        if (id < 0 || id == own) continue;
        candidates.emplace_back(squared_distance(row, q.points + id * q.d, q.d),
                                static_cast<int32_t>(id));
      }
      // Distances that overflow single precision have no candidates.
      if (candidates.size() < q.k) {
        search_all(q, i, std::numeric_limits<double>::infinity(), result);
        continue;
      }
      keep_nearest(candidates, i, q.k, result);
      // What Faiss left out is at least as far as its last candidate, but for the error.
      const double farthest = candidates[q.k - 1].first;
      const bool complete =
          in_cells || wanted == q.n || farthest < distances[b * wanted + wanted - 1] - error;
      if (!complete) search_all(q, i, farthest, result);
    }
  }
  return result;
}

Neighbors nearest_neighbors_reference(const NeighborQuery& q) {
  check(q);
  const bool self = q.queries == nullptr;
  Neighbors result{std::vector<int32_t>(q.m * q.k), std::vector<float>(q.m * q.k)};
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < q.m; i++) {
    const float* row = (self ? q.points : q.queries) + i * q.d;
    candidates.clear();
    for (size_t p = 0; p < q.n; p++) {
      if (self && p == i) continue;
      candidates.emplace_back(squared_distance(row, q.points + p * q.d, q.d),
                              static_cast<int32_t>(p));
    }
    keep_nearest(candidates, i, q.k, result);
  }
  return result;
}

}  // namespace harmonic
