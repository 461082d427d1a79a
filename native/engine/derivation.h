#pragma once

#include <vector>

#include "engine/comparison.h"

namespace harmonic {

/**
 * Takes from the result and the operands of a derived column what no row can have. `terms`: pairs
 * (operation, operand) whose columns are indices into `operands`, of which the first is the result.
 */
void narrow_derivation(const std::vector<double>& terms, std::vector<Operand>& operands);

}  // namespace harmonic
