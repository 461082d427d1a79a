#include "engine/probe-limit.h"

#include <cstdio>

namespace harmonic {

std::string obstacle_of(const char* what, double error) {
  constexpr double kLargestError = 0.1;
  if (error <= kLargestError) return "";  // false where it is no number
  char text[96];
  std::snprintf(text, sizeof text, "its %s are %.2g off the processor's, expected %.2g at most",
                what, error, kLargestError);
  return text;
}

}  // namespace harmonic
