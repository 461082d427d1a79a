#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/knn.h"

namespace harmonic {

// Squared distance and id: compares as ties go to the smaller id.
using Candidate = std::pair<double, int32_t>;

double squared_distance(const float* a, const float* b, size_t d);

// Keeps the k smallest of `candidates`, ascending, as row `i` of the result.
void keep_nearest(std::vector<Candidate>& candidates, size_t i, size_t k, Neighbors& result);

// The nearest of the points that one row of a query is compared with, in any order.
class Nearest {
 public:
  // bound: a distance that the k-th neighbour cannot exceed
  Nearest(const NeighborQuery& q, size_t i, double bound);

  const float* row() const { return row_; }
  // What a point may be away from the row to be among them.
  double limit() const { return limit_; }
  bool full() const { return candidates_.size() == q_.k; }

  void compare(int32_t p);
  // To be called once full.
  void keep(Neighbors& result) { keep_nearest(candidates_, i_, q_.k, result); }

 private:
  const NeighborQuery& q_;
  size_t i_;
  const float* row_;
  double slack_;
  double limit_;
  std::vector<Candidate> candidates_;  // a heap, the farthest first
};

}  // namespace harmonic
