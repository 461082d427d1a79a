#include "engine/rule.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/automaton.h"
#include "engine/error.h"

namespace harmonic {
namespace {

void check_program(const std::vector<double>& terms, int n_columns) {
  int depth = 0;
  bool valid = terms.size() >= 2 && terms.size() % 2 == 0;
  for (size_t i = 0; valid && i < terms.size(); i += 2) {
    const double operation = terms[i], operand = terms[i + 1];
    valid = operation >= kPushConstant && operation <= kDivide &&
            operation == std::floor(operation) && std::isfinite(operand);
    if (operation == kPushColumn)
      valid = valid && operand >= 0 && operand < n_columns && operand == std::floor(operand);
    depth += operation <= kPushColumn ? 1 : -1;
    valid = valid && depth >= 1;
  }
  if (!valid || depth != 1)
    throw Error("E_USAGE", "expected a postfix program of one result for `terms` of a rule");
}

}  // namespace

void Rule::check(const std::vector<int32_t>& column_kinds) const {
  const auto n = static_cast<int>(column_kinds.size());
  if (kind == kDerived) check_program(values, n);
  if (kind == kCombination && (columns.empty() || values.size() % columns.size() != 0))
    throw Error("E_USAGE", "expected a value of each column in each of `rows` of a rule");
  for (const int32_t column : all_columns()) {
    if (column < 0 || column >= n)
      throw Error("E_USAGE", "expected columns of the automaton in `rules` but received " +
                                 std::to_string(column));
    if (column_kinds[column] == kColumnText ||
        (kind != kCombination && column_kinds[column] != kColumnNumber))
      throw Error("E_USAGE", "column " + std::to_string(column) +
                                 " is of a kind that its rule cannot be about");
  }
}

std::vector<int32_t> Rule::all_columns() const {
  std::vector<int32_t> all;
  const auto add = [&](int32_t column) {
    if (std::find(all.begin(), all.end(), column) == all.end()) all.push_back(column);
  };
  for (const int32_t column : columns) add(column);
  if (kind == kDerived) {
    for (size_t i = 0; i < values.size(); i += 2) {
      if (values[i] == kPushColumn) add(static_cast<int32_t>(values[i + 1]));
    }
  }
  return all;
}

}  // namespace harmonic
