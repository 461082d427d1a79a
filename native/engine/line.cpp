#include "engine/line.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace harmonic {
namespace {

// Points of which a column's values are counted.
constexpr size_t kSample = 4096;
constexpr double kFar = std::numeric_limits<double>::infinity();

// The column of most values among some points.
size_t widest(const NeighborQuery& q, const std::vector<int32_t>& ids) {
  const size_t step = std::max<size_t>(1, ids.size() / kSample);
  size_t best = 0, most = 0;
  for (size_t j = 0; j < q.d; j++) {
    std::vector<float> values;
    for (size_t i = 0; i < ids.size(); i += step)
      values.push_back(q.points[static_cast<size_t>(ids[i]) * q.d + j]);
    std::sort(values.begin(), values.end());
    const auto n = static_cast<size_t>(std::unique(values.begin(), values.end()) - values.begin());
    if (n > most) best = j, most = n;
  }
  return best;
}

}  // namespace

Line::Line(const NeighborQuery& q, const std::vector<int32_t>& ids) : column_(widest(q, ids)) {
  const auto value = [&](int32_t id) { return q.points[static_cast<size_t>(id) * q.d + column_]; };
  ids_ = ids;
  std::sort(ids_.begin(), ids_.end(),
            [&](int32_t a, int32_t b) { return std::pair(value(a), a) < std::pair(value(b), b); });
  for (const int32_t id : ids_) values_.push_back(value(id));
}

bool Line::search(Nearest& nearest, size_t most) const {
  const double at = nearest.row()[column_];
  size_t up = std::lower_bound(values_.begin(), values_.end(), at) - values_.begin();
  size_t down = up;  // above the next one below
  const auto square = [](double x) { return x * x; };
  for (size_t n = 0; up < values_.size() || down > 0; n++) {
    const double above = up < values_.size() ? square(values_[up] - at) : kFar;
    const double below = down > 0 ? square(at - values_[down - 1]) : kFar;
    if (std::min(above, below) > nearest.limit()) return true;
    // Of the same value ids ascend: no later one wins against copies of the row.
    if (nearest.full() && nearest.limit() == 0) return true;
    if (n == most) return false;
    nearest.compare(above <= below ? ids_[up++] : ids_[--down]);
  }
  return true;
}

}  // namespace harmonic
