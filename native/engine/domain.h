#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace harmonic {

/** Whole numbers from low to high. */
struct Interval {
  double low, high;
  bool operator==(const Interval& other) const { return low == other.low && high == other.high; }
};

/** What a cell may still be: codes of a category or scaled values of a number, or missing. */
struct Domain {
  std::vector<Interval> values;  // ascending, with gaps between them
  bool missing = false;

  /** Of these values; NaN means missing. */
  static Domain of(std::vector<double> values);
  /** Of intervals in any order. */
  static Domain of(std::vector<Interval> intervals, bool missing);

  bool operator==(const Domain& other) const {
    return missing == other.missing && values == other.values;
  }
  bool empty() const { return values.empty() && !missing; }
  /** It has one value, and cannot be missing. */
  bool single() const { return !missing && values.size() == 1 && values[0].low == values[0].high; }
  double low() const { return values.front().low; }
  double high() const { return values.back().high; }

  /** NaN asks whether it may be missing. */
  bool contains(double value) const { return value != value ? missing : meets(value, value); }
  /** Whether a value from low to high is among them. */
  bool meets(double low, double high) const;
  /** Whether all from low to high are. */
  bool covers(double low, double high) const;

  /** Keeps the values from low to high. */
  void limit(double low, double high);
  void remove(double value);
  /** Keeps the values that `other` has too; says nothing of missing. */
  void intersect_values(const Domain& other);
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace harmonic
