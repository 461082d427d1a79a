#include "engine/knn.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>

#include "engine/error.h"
#include "engine/finite.h"
#include "engine/knn-gpu.h"
#include "engine/line.h"
#include "engine/nearest.h"

namespace harmonic {
namespace {

// Queries searched at once: bounds the memory of candidates and of Faiss's block of distances.
constexpr size_t kBlock = 4096;
// Below so many points an inverted file gains nothing.
constexpr size_t kLeastForCells = 4000;
// Cells that a row looks into.
constexpr size_t kProbes = 16;
// Below so many points all of them are compared sooner than they are put in order.
constexpr size_t kLeastForWalks = 4000;
// The part of the points that a walk may compare.
constexpr size_t kWalkShare = 64;
// How many times as many candidates a row gets where its first ones may not hold all nearest.
constexpr size_t kMoreCandidates = 16;
// Of fewer numbers in all, looking at each point is faster than asking for more candidates.
constexpr size_t kLeastForMore = 1 << 20;

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

uint64_t hash_row(const float* row, size_t d) {
  uint64_t hash = 0x9e3779b97f4a7c15;
  for (size_t j = 0; j < d; j++) {
    uint32_t bits = 0;
    std::memcpy(&bits, row + j, sizeof(bits));
    hash = (hash ^ bits) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return hash;
}

/**
 * Ids of the points that can be among the nearest, ascending: of equal points those with the
 * smallest ids come first, so more copies than a row may have neighbours (and itself) never do.
 */
std::vector<int32_t> without_copies(const NeighborQuery& q) {
  const size_t most = q.k + (q.queries == nullptr ? 1 : 0);
  size_t n_slots = 16;
  while (n_slots < 2 * q.n) n_slots *= 2;
  std::vector<int32_t> first(n_slots, -1);  // by hash: the id of the first of equal points
  std::vector<int32_t> copies(q.n, 0);      // of each first point: how many are kept
  std::vector<int32_t> kept;
  kept.reserve(q.n);
  for (size_t i = 0; i < q.n; i++) {
    const float* row = q.points + i * q.d;
    size_t slot = hash_row(row, q.d) & (n_slots - 1);
    while (first[slot] >= 0 &&
           std::memcmp(row, q.points + first[slot] * q.d, q.d * sizeof(float)) != 0) {
      slot = (slot + 1) & (n_slots - 1);
    }
    if (first[slot] < 0) first[slot] = static_cast<int32_t>(i);
    int32_t& count = copies[first[slot]];
    if (static_cast<size_t>(count) == most) continue;
    count++;
    kept.push_back(static_cast<int32_t>(i));
  }
  return kept;
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

/** The rows with these ids, less the means; shape (ids, d). */
template <class Id>
std::vector<float> centre(const float* rows, const std::vector<Id>& ids,
                          const std::vector<float>& means) {
  const size_t d = means.size();
  std::vector<float> out(ids.size() * d);
  for (size_t i = 0; i < ids.size(); i++) {
    const float* row = rows + static_cast<size_t>(ids[i]) * d;
    for (size_t j = 0; j < d; j++) out[i * d + j] = row[j] - means[j];
  }
  return out;
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
      : centres(static_cast<int64_t>(d)),
        index(&centres, d, static_cast<size_t>(std::sqrt(static_cast<double>(n)))) {
    index.nprobe = kProbes;
    index.cp.niter = 10;
    index.cp.max_points_per_centroid = 64;
    index.train(static_cast<int64_t>(n), points);
    index.add(static_cast<int64_t>(n), points);
  }
  faiss::IndexFlatL2 centres;
  faiss::IndexIVFFlat index;
};

}  // namespace

/** Points behind a Faiss index, and what tells whether its candidates hold all nearest ones. */
class NeighborSearch {
 public:
  explicit NeighborSearch(const NeighborQuery& q)
      : ids_(without_copies(q)),
        means_(column_means(q)),
        in_cells_(q.approximate && ids_.size() >= kLeastForCells),
        flat_(static_cast<int64_t>(q.d)) {
    const std::vector<float> centred = centre(q.points, ids_, means_);
    points_norm_ = largest_norm(centred.data(), ids_.size(), q.d);
    if (in_cells_) {
      cells_ = std::make_unique<CellIndex>(centred.data(), ids_.size(), q.d);
    } else {
      flat_.add(static_cast<int64_t>(ids_.size()), centred.data());
      if (q.gpu) gpu_ = copy_to_gpu(flat_);
      walks_ = !gpu_ && ids_.size() >= kLeastForWalks;
    }
  }

  /** The nearest points of a query's rows, which is for the same points and k. */
  Neighbors find_all(const NeighborQuery& q) const {
    Neighbors result{std::vector<int32_t>(q.m * q.k), std::vector<float>(q.m * q.k)};
    for (size_t start = 0; start < q.m; start += kBlock) {
      std::vector<size_t> rows(std::min(kBlock, q.m - start));
      std::iota(rows.begin(), rows.end(), start);
      const size_t n = rows.size();
      if (walks_) {
        rows = after_walks(q, rows, result);
        // Walks that lead nowhere, as with many columns, are not begun again.
        if (rows.size() >= n / 2) walks_ = false;
      }
      if (!rows.empty()) find(q, std::move(rows), result);
    }
    return result;
  }

 private:
  /** Walks from each row along the line; gives the rows that a short walk does not suffice for. */
  std::vector<size_t> after_walks(const NeighborQuery& q, const std::vector<size_t>& rows,
                                  Neighbors& result) const {
    const Line& walked = line(q);
    std::vector<char> is_open(rows.size(), 0);
#pragma omp parallel for schedule(dynamic, 64)
    for (size_t b = 0; b < rows.size(); b++) {
      Nearest nearest(q, rows[b], std::numeric_limits<double>::infinity());
      if (walked.search(nearest, ids_.size() / kWalkShare)) {
        nearest.keep(result);
      } else {
        is_open[b] = 1;
      }
    }
    return open_of(rows, is_open);
  }

  static std::vector<size_t> open_of(const std::vector<size_t>& rows,
                                     const std::vector<char>& is_open) {
    std::vector<size_t> open;
    for (size_t b = 0; b < rows.size(); b++) {
      if (is_open[b]) open.push_back(rows[b]);
    }
    return open;
  }

  const Line& line(const NeighborQuery& q) const {
    std::call_once(line_made_, [&] { line_ = std::make_unique<Line>(q, ids_); });
    return *line_;
  }

  /** Finds those of some rows. */
  void find(const NeighborQuery& q, std::vector<size_t> rows, Neighbors& result) const {
    // The row itself, and a few more so that ties at the k-th distance are seen.
    const size_t first = q.k + (q.queries == nullptr ? 1 : 0) + std::max<size_t>(8, q.k);
    const bool more = !in_cells_ && ids_.size() * q.d >= kLeastForMore;
    rows = among_candidates(q, rows, first, !more, result);
    // Where points lie so dense that rounding hides which are nearest, most rows come to this.
    if (!rows.empty()) among_candidates(q, rows, kMoreCandidates * first, true, result);
  }

  /** Looks at so many candidates of each row; gives the rows that need more, if not the last. */
  std::vector<size_t> among_candidates(const NeighborQuery& q, const std::vector<size_t>& rows,
                                       size_t wanted, bool is_last, Neighbors& result) const {
    const bool self = q.queries == nullptr;
    wanted = std::min(ids_.size(), wanted);
    const float* queries = self ? q.points : q.queries;
    const std::vector<float> block = centre(queries, rows, means_);
    std::vector<float> distances(rows.size() * wanted);
    std::vector<int64_t> found(rows.size() * wanted);
    search(block, wanted, distances, found);
    // Bound of the rounding error of |x|^2 + |y|^2 - 2xy and of centring, in single precision.
    const double scale = points_norm_ + largest_norm(block.data(), rows.size(), q.d);
    const double error =
        4.0 * static_cast<double>(q.d + 8) * std::numeric_limits<float>::epsilon() * scale;

    std::vector<char> is_open(rows.size(), 0);
#pragma omp parallel for schedule(dynamic, 64)
    for (size_t b = 0; b < rows.size(); b++) {
      const size_t i = rows[b];
      std::vector<Candidate> candidates;
      candidates.reserve(wanted);
      for (size_t j = 0; j < wanted; j++) {
        const int64_t at = found[b * wanted + j];
        if (at < 0) continue;
        const int32_t id = ids_[static_cast<size_t>(at)];
        if (self && static_cast<size_t>(id) == i) continue;
        const float* point = q.points + static_cast<size_t>(id) * q.d;
        candidates.emplace_back(squared_distance(queries + i * q.d, point, q.d), id);
      }
      // Distances that overflow single precision have no candidates.
      if (candidates.size() < q.k) {
        search_all(q, i, std::numeric_limits<double>::infinity(), result);
        continue;
      }
      keep_nearest(candidates, i, q.k, result);
      // What Faiss left out is at least as far as its last candidate, but for the error.
      const double farthest = candidates[q.k - 1].first;
      const bool complete = in_cells_ || wanted == ids_.size() ||
                            farthest < distances[b * wanted + wanted - 1] - error;
      if (complete) continue;
      if (is_last) {
        search_all(q, i, farthest, result);
      } else {
        is_open[b] = 1;
      }
    }
    return open_of(rows, is_open);
  }

  /** Looks at every point that can be among the nearest, none farther than `bound`. */
  void search_all(const NeighborQuery& q, size_t i, double bound, Neighbors& result) const {
    Nearest nearest(q, i, bound);
    for (const int32_t p : ids_) {
      if (nearest.full() && nearest.limit() == 0) break;  // no later id can win
      nearest.compare(p);
    }
    nearest.keep(result);
  }

  /** Faiss's candidates of the centred rows, from the GPU where the points are there too. */
  void search(const std::vector<float>& rows, size_t wanted, std::vector<float>& distances,
              std::vector<int64_t>& found) const {
    const size_t n = rows.size() / means_.size();
    if (gpu_ && gpu_->search(rows.data(), n, wanted, distances.data(), found.data())) return;
    filled().search(static_cast<int64_t>(n), rows.data(), static_cast<int64_t>(wanted),
                    distances.data(), found.data());
  }

  const faiss::Index& filled() const {
    return in_cells_ ? static_cast<const faiss::Index&>(cells_->index) : flat_;
  }

  std::vector<int32_t> ids_;  // of the points that are searched
  std::vector<float> means_;
  double points_norm_ = 0;
  bool in_cells_;
  faiss::IndexFlatL2 flat_;
  std::unique_ptr<CellIndex> cells_;
  mutable std::atomic<bool> walks_{false};  // whether short walks suffice for most rows, so far
  mutable std::once_flag line_made_;
  mutable std::unique_ptr<Line> line_;  // made when it is first needed, of the points
  std::unique_ptr<GpuPoints> gpu_;      // null: they are searched on the CPU
};

Neighbors nearest_neighbors(const NeighborQuery& q) {
  check(q);
  omp_set_num_threads(std::max(1, q.threads));
  return NeighborSearch(q).find_all(q);
}

NeighborIndex::NeighborIndex(const NeighborIndexOptions& options, std::vector<float> points)
    : points_(std::move(points)) {
  query_.points = query_.queries = points_.data();
  query_.d = options.d;
  query_.n = options.d == 0 ? 0 : points_.size() / options.d;
  query_.k = options.k;
  query_.threads = options.threads;
  query_.approximate = options.approximate;
  check(query_);
  omp_set_num_threads(std::max(1, query_.threads));
  search_ = std::make_unique<NeighborSearch>(query_);
}

NeighborIndex::~NeighborIndex() = default;

Neighbors NeighborIndex::search(const std::vector<float>& queries) const {
  NeighborQuery q = query_;
  q.queries = queries.data();
  q.m = queries.size() / q.d;
  if (q.m * q.d != queries.size()) {
    throw Error("E_INPUT", "expected rows of " + std::to_string(q.d) +
                               " numbers in `queries` but received " +
                               std::to_string(queries.size()) + " numbers");
  }
  // Of no rows the data may be null, which would say: the points themselves.
  if (q.m == 0) return {};
  check_finite(q.queries, q.m, q.d, "queries");
  omp_set_num_threads(std::max(1, q.threads));
  return search_->find_all(q);
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
