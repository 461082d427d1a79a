#include "engine/domain.h"

#include <algorithm>

namespace harmonic {

Domain Domain::of(std::vector<double> values) {
  std::vector<Interval> points;
  bool missing = false;
  for (const double value : values) {
    if (value != value) {
      missing = true;
    } else {
      points.push_back({value, value});
    }
  }
  return of(std::move(points), missing);
}

Domain Domain::of(std::vector<Interval> intervals, bool missing) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.low < b.low; });
  Domain domain;
  domain.missing = missing;
  for (const Interval& next : intervals) {
    if (next.low > next.high) continue;
    auto& values = domain.values;
    if (!values.empty() && next.low <= values.back().high + 1) {
      values.back().high = std::max(values.back().high, next.high);
    } else {
      values.push_back(next);
    }
  }
  return domain;
}

bool Domain::meets(double low, double high) const {
  const auto found =
      std::lower_bound(values.begin(), values.end(), low,
                       [](const Interval& interval, double x) { return interval.high < x; });
  return found != values.end() && found->low <= high;
}

bool Domain::covers(double low, double high) const {
  const auto found =
      std::lower_bound(values.begin(), values.end(), low,
                       [](const Interval& interval, double x) { return interval.high < x; });
  return found != values.end() && found->low <= low && found->high >= high;
}

void Domain::limit(double low, double high) {
  std::vector<Interval> kept;
  for (const Interval& interval : values) {
    const Interval part = {std::max(interval.low, low), std::min(interval.high, high)};
    if (part.low <= part.high) kept.push_back(part);
  }
  values.swap(kept);
}

void Domain::remove(double value) {
  std::vector<Interval> kept;
  for (const Interval& interval : values) {
    if (value < interval.low || value > interval.high) {
      kept.push_back(interval);
      continue;
    }
    if (interval.low < value) kept.push_back({interval.low, value - 1});
    if (interval.high > value) kept.push_back({value + 1, interval.high});
  }
  values.swap(kept);
}

void Domain::intersect_values(const Domain& other) {
  std::vector<Interval> kept;
  auto a = values.begin();
  auto b = other.values.begin();
  while (a != values.end() && b != other.values.end()) {
    const Interval part = {std::max(a->low, b->low), std::min(a->high, b->high)};
    if (part.low <= part.high) kept.push_back(part);
    if (a->high < b->high) {
      a++;
    } else {
      b++;
    }
  }
  values.swap(kept);
}

}  // namespace harmonic
