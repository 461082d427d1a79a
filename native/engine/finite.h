#pragma once

#include <cmath>
#include <cstddef>
#include <string>

#include "engine/error.h"

namespace harmonic {

/** Throws Error E_INPUT, which names the first place, where `values` (rows, d) are not all finite.
 */
inline void check_finite(const float* values, size_t rows, size_t d, const char* name) {
  for (size_t i = 0; i < rows * d; i++) {
    if (!std::isfinite(values[i])) {
      throw Error("E_INPUT", "expected finite numbers in `" + std::string(name) + "` but row " +
                                 std::to_string(i / d) + ", column " + std::to_string(i % d) +
                                 " is " + std::to_string(values[i]));
    }
  }
}

}  // namespace harmonic
