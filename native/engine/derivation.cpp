#include "engine/derivation.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace harmonic {
namespace {

/** Intervals of an operand that are looked at one by one, at most: for the last one that is open,
 * and for an earlier one. */
constexpr int kMostParts = 4096;
constexpr int kMostEarlyParts = 64;
/** Halves are told in spite of what floating point leaves out. */
constexpr double kSlack = 1e-12;

Interval all() { return {-kInfinity, kInfinity}; }

Interval hull(std::initializer_list<double> ends) {
  for (const double end : ends) {
    if (std::isnan(end)) return all();
  }
  return {std::min(ends), std::max(ends)};
}

Interval apply(int operation, const Interval& a, const Interval& b) {
  switch (operation) {
    case kAdd:
      return hull({a.low + b.low, a.high + b.high});
    case kSubtract:
      return hull({a.low - b.high, a.high - b.low});
    case kMultiply:
      return hull({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
    default:
      if (b.low <= 0 && b.high >= 0) return all();
      return hull({a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high});
  }
}

/** The result's bounds given the operands', all in units. */
Interval evaluate(const std::vector<double>& terms, const std::vector<Interval>& operands) {
  std::vector<Interval> stack;
  for (size_t i = 0; i < terms.size(); i += 2) {
    const int operation = static_cast<int>(terms[i]);
    if (operation == kPushConstant) {
      stack.push_back({terms[i + 1], terms[i + 1]});
    } else if (operation == kPushColumn) {
      stack.push_back(operands[static_cast<size_t>(terms[i + 1])]);
    } else {
      const Interval b = stack.back();
      stack.pop_back();
      stack.back() = apply(operation, stack.back(), b);
    }
  }
  return stack.back();
}

double rounded(double value, double scale) {
  const double size = std::floor(std::abs(value) * scale * (1 + kSlack) + 0.5);
  return value < 0 ? -size : size;
}

class Derivation {
 public:
  Derivation(const std::vector<double>& terms, std::vector<Operand>& operands)
      : terms_(terms), operands_(operands), bounds_(operands.size()) {
    for (size_t i = 1; i < operands.size(); i++) {
      const auto& [domain, scale] = operands[i];
      if (!domain.values.empty()) bounds_[i] = {domain.low() / scale, domain.high() / scale};
    }
  }

  void narrow() {
    Domain& result = operands_[0].domain;
    const auto begin = operands_.begin() + 1;
    const auto is_missing = [](const Operand& o) { return o.domain.values.empty(); };
    const auto may_miss = [](const Operand& o) { return o.domain.missing; };
    if (std::any_of(begin, operands_.end(), is_missing)) {
      result.values.clear();
      return;
    }
    const Interval bounds = result_bounds();
    const bool finite = std::isfinite(bounds.low) && std::isfinite(bounds.high);
    const auto n_open = std::count_if(begin, operands_.end(), may_miss);
    if (n_open == 0 && finite) result.missing = false;
    if (finite) result.limit(bounds.low, bounds.high);
    if (n_open == 0 && !finite && is_decided()) result.values.clear();
    if (result.missing && result.values.empty()) {
      // Some operand has to be missing: the only one that may be is.
      if (n_open == 1 && finite)
        std::find_if(begin, operands_.end(), may_miss)->domain.values.clear();
      return;
    }
    if (result.missing) return;
    for (auto operand = begin; operand != operands_.end(); ++operand)
      operand->domain.missing = false;
    for (size_t i = 1; i < operands_.size(); i++) narrow_operand(i);
  }

 private:
  Interval result_bounds() const {
    const Interval real = evaluate(terms_, bounds_);
    const double scale = operands_[0].scale;
    return {rounded(real.low, scale), rounded(real.high, scale)};
  }

  bool is_decided() const {
    return std::all_of(operands_.begin() + 1, operands_.end(),
                       [](const Operand& o) { return o.domain.single(); });
  }

  /** Halves what the operand may be until each part is in or out, or there are too many. */
  void narrow_operand(size_t i) {
    Operand& operand = operands_[i];
    if (operand.domain.values.empty() || operand.domain.single()) return;
    const auto n_open = std::count_if(operands_.begin() + 1, operands_.end(),
                                      [](const Operand& o) { return !o.domain.single(); });
    const size_t most = n_open == 1 ? kMostParts : kMostEarlyParts;
    const Domain& result = operands_[0].domain;
    const Interval whole = bounds_[i];
    std::deque<Interval> parts(operand.domain.values.begin(), operand.domain.values.end());
    std::vector<Interval> kept;
    while (!parts.empty()) {
      const Interval part = parts.front();
      parts.pop_front();
      bounds_[i] = {part.low / operand.scale, part.high / operand.scale};
      const Interval bounds = result_bounds();
      if (!result.meets(bounds.low, bounds.high)) continue;
      if (part.low == part.high || result.covers(bounds.low, bounds.high) ||
          parts.size() + kept.size() > most) {
        kept.push_back(part);
        continue;
      }
      const double middle = std::floor((part.low + part.high) / 2);
      parts.push_back({part.low, middle});
      parts.push_back({middle + 1, part.high});
    }
    bounds_[i] = whole;
    operand.domain = Domain::of(std::move(kept), operand.domain.missing);
  }

  const std::vector<double>& terms_;
  std::vector<Operand>& operands_;
  std::vector<Interval> bounds_;
};

}  // namespace

void narrow_derivation(const std::vector<double>& terms, std::vector<Operand>& operands) {
  Derivation(terms, operands).narrow();
}

}  // namespace harmonic
