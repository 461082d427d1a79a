#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace harmonic {

/** Points to search, and the rows to find neighbours for. */
struct NeighborQuery {
  const float* points = nullptr;  // shape (n, d), row-major
  size_t n = 0;
  size_t d = 0;
  const float* queries =
      nullptr;  // shape (m, d); null: the points themselves, each without its own id
  size_t m = 0;
  size_t k = 0;
  int threads = 1;
  // Look only in the cells of the points' space that are nearest to a row: see nearest_neighbors.
  bool approximate = false;
  // Let a GPU find the candidates of an exact search, where there is one and Faiss can use it.
  bool gpu = true;
};

struct Neighbors {
  std::vector<int32_t> ids;      // shape (m, k), ascending distance
  std::vector<float> distances;  // shape (m, k), squared Euclidean
};

/**
 * k nearest neighbours, exact by default. Where points in the order of one column's values are
 * nearest to a row after few steps to either side, as in large tables of few columns, these steps
 * find them; else Faiss finds candidates with its blocked matrix product,
 * whose distances carry rounding errors; these are recomputed in double, and a query whose
 * candidates may not hold all of the k nearest (many points at one distance, or so dense that the
 * errors hide which are nearest) is searched again among more, then without shortcuts. Ties
 * therefore go to the smaller id, whatever the block sizes and the number of threads. Points that
 * equal more than k others with smaller ids are left out, for they can be nobody's neighbours. With
 * `approximate` and more than a few thousand points, candidates come from an inverted file (Faiss's
 * IVF: sqrt(n) cells about k-means centres, of which each row looks into 16) and no row is searched
 * again: ids may not be the nearest, their distances are right. Deterministic. Throws E_INPUT for
 * sizes that do not fit and for values that are not finite.
 */
Neighbors nearest_neighbors(const NeighborQuery& query);

class NeighborSearch;

struct NeighborIndexOptions {
  size_t d = 0;
  size_t k = 0;
  int threads = 1;
  bool approximate = false;
};

/** Points that are searched again and again: what nearest_neighbors makes ready is kept. */
class NeighborIndex {
 public:
  /** points: shape (n, d). Throws as nearest_neighbors. */
  NeighborIndex(const NeighborIndexOptions& options, std::vector<float> points);
  ~NeighborIndex();
  NeighborIndex(const NeighborIndex&) = delete;
  NeighborIndex& operator=(const NeighborIndex&) = delete;

  /** The k nearest points of each of queries, shape (m, d). Any thread may call it. */
  Neighbors search(const std::vector<float>& queries) const;

 private:
  std::vector<float> points_;
  NeighborQuery query_;
  std::unique_ptr<NeighborSearch> search_;
};

/** The same by the definition, one pair after another: the reference that tests compare with. */
Neighbors nearest_neighbors_reference(const NeighborQuery& query);

}  // namespace harmonic
