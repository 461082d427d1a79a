#include "engine/bfloat16.h"

namespace harmonic {

bool has_half_products() {
#ifdef __AVX512BF16__
  return true;
#else
  return false;
#endif
}

bool half_products_pay() {
#ifdef __AVX512BF16__
  return __builtin_cpu_is("amd");
#else
  return false;
#endif
}

void bfloat16_of(const float* x, size_t n, uint16_t* halves) {
  for (size_t i = 0; i < n; i++) halves[i] = bfloat16_of(x[i]);
}

}  // namespace harmonic
