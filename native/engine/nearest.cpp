#include "engine/nearest.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace harmonic {
namespace {

// The squared distance in single precision: right to a relative error of (d + 4) epsilon.
float quick_distance(const float* a, const float* b, size_t d) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t j = 0; j < d; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

}  // namespace

double squared_distance(const float* a, const float* b, size_t d) {
  double sum = 0;
  for (size_t j = 0; j < d; j++) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += difference * difference;
  }
  return sum;
}

void keep_nearest(std::vector<Candidate>& candidates, size_t i, size_t k, Neighbors& result) {
  std::partial_sort(candidates.begin(), candidates.begin() + k, candidates.end());
  for (size_t j = 0; j < k; j++) {
    result.distances[i * k + j] = static_cast<float>(candidates[j].first);
    result.ids[i * k + j] = candidates[j].second;
  }
}

Nearest::Nearest(const NeighborQuery& q, size_t i, double bound)
    : q_(q),
      i_(i),
      row_((q.queries == nullptr ? q.points : q.queries) + i * q.d),
      slack_(1.0 + 2.0 * static_cast<double>(q.d + 8) * std::numeric_limits<float>::epsilon()),
      limit_(bound) {
  candidates_.reserve(q.k + 1);
}

void Nearest::compare(int32_t p) {
  if (q_.queries == nullptr && static_cast<size_t>(p) == i_) return;  // the row itself
  const float* point = q_.points + static_cast<size_t>(p) * q_.d;
  // What single precision shows to be farther is passed over.
  const double quick = quick_distance(row_, point, q_.d);
  if (quick > limit_ * slack_ && std::isfinite(quick)) return;
  const Candidate candidate(squared_distance(row_, point, q_.d), p);
  if (full()) {
    if (candidate >= candidates_.front()) return;
    std::pop_heap(candidates_.begin(), candidates_.end());
    candidates_.pop_back();
  }
  candidates_.push_back(candidate);
  std::push_heap(candidates_.begin(), candidates_.end());
  if (full()) limit_ = candidates_.front().first;
}

}  // namespace harmonic
