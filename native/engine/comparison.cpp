#include "engine/comparison.h"

#include <cmath>
#include <utility>
#include <vector>

namespace harmonic {
namespace {

/** Equal values are looked at one by one, not by their bounds, up to so many. */
constexpr int kMostPoints = 4096;

/** Keeps of `x` what is less than (or equals) some of `y`; `more`: what is greater. */
void narrow_order(Operand& x, const Operand& y, bool more, bool equal) {
  const double ratio = x.scale / y.scale;
  const double bound = (more ? y.domain.low() : y.domain.high()) * ratio;
  if (more) {
    x.domain.limit(equal ? std::ceil(bound) : std::floor(bound) + 1, kInfinity);
  } else {
    x.domain.limit(-kInfinity, equal ? std::floor(bound) : std::ceil(bound) - 1);
  }
}

void narrow_equal(Operand& x, const Operand& y) {
  const double ratio = x.scale / y.scale;
  if (ratio == 1) {
    x.domain.intersect_values(y.domain);
  } else if (ratio > 1 && y.domain.high() - y.domain.low() < kMostPoints) {
    // x has digits that y lacks: zeros.
    std::vector<double> points;
    for (const Interval& interval : y.domain.values) {
      for (double value = interval.low; value <= interval.high; value++)
        points.push_back(std::round(value * ratio));
    }
    x.domain.intersect_values(Domain::of(std::move(points)));
  } else {
    x.domain.limit(std::ceil(y.domain.low() * ratio), std::floor(y.domain.high() * ratio));
  }
}

void narrow_different(Operand& x, const Operand& y) {
  if (!y.domain.single()) return;
  const double value = y.domain.low() * x.scale / y.scale;
  if (value == std::floor(value)) x.domain.remove(value);
}

/** Keeps of `x` what can satisfy "x comparison y", where y cannot be missing. */
void narrow_one(Rule::Comparison comparison, Operand& x, const Operand& y) {
  if (y.domain.missing || y.domain.values.empty()) return;
  switch (comparison) {
    case Rule::kLess:
      return narrow_order(x, y, false, false);
    case Rule::kAtMost:
      return narrow_order(x, y, false, true);
    case Rule::kGreater:
      return narrow_order(x, y, true, false);
    case Rule::kAtLeast:
      return narrow_order(x, y, true, true);
    case Rule::kEqual:
      return narrow_equal(x, y);
    case Rule::kDifferent:
      return narrow_different(x, y);
  }
}

Rule::Comparison turned(Rule::Comparison comparison) {
  switch (comparison) {
    case Rule::kLess:
      return Rule::kGreater;
    case Rule::kAtMost:
      return Rule::kAtLeast;
    case Rule::kGreater:
      return Rule::kLess;
    case Rule::kAtLeast:
      return Rule::kAtMost;
    default:
      return comparison;
  }
}

}  // namespace

void narrow_comparison(Rule::Comparison comparison, Operand& left, Operand& right) {
  narrow_one(comparison, left, right);
  narrow_one(turned(comparison), right, left);
}

}  // namespace harmonic
