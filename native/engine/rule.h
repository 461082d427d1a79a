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
  // compare: left and right; combination: all; derived: the result's, then its operands'
  std::vector<int32_t> columns;
  // combination: shape (m, columns); derived: pairs (operation, operand)
  std::vector<double> values;
};

}  // namespace harmonic
