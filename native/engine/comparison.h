#pragma once

#include "engine/domain.h"
#include "engine/rule.h"

namespace harmonic {

/** A number's domain, in integers at its scale 10^decimals. */
struct Operand {
  Domain domain;
  double scale;
};

/** Takes from each what stands in the comparison with nothing of the other; a missing one satisfies
 * it. */
void narrow_comparison(Rule::Comparison comparison, Operand& left, Operand& right);

}  // namespace harmonic
