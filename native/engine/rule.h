#pragma once

#include <cstdint>
#include <vector>

namespace harmonic {

/** How the columns of a row depend on each other. See Rule of src/native/addon.ts. */
struct Rule {
  enum Kind { kCompare, kCombination, kDerived };
  enum Comparison { kLess, kAtMost, kGreater, kAtLeast, kEqual, kDifferent };

  Kind kind = kCompare;
  Comparison comparison = kLess;
  // compare: left and right; combination: all; derived: that of the result
  std::vector<int32_t> columns;
  // combination: shape (m, columns); derived: pairs (operation, operand)
  std::vector<double> values;

  /** Throws Error E_USAGE where it is not about columns of these kinds. */
  void check(const std::vector<int32_t>& column_kinds) const;
  /** All columns that it is about, each once; a derived one's result first. */
  std::vector<int32_t> all_columns() const;
};

/** Operations of a derived column's program. */
enum DerivedOperation { kPushConstant, kPushColumn, kAdd, kSubtract, kMultiply, kDivide };

}  // namespace harmonic
