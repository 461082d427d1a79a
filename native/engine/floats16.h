#pragma once
#include <cstring>

namespace harmonic {

// Sixteen floats at once, in as many registers as the processor needs for them; in memory they may
// lie anywhere.
typedef float Floats16 __attribute__((vector_size(64)));

inline Floats16 load16(const float* from) {
  Floats16 x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

inline void store16(const Floats16& x, float* to) { std::memcpy(to, &x, sizeof x); }

}  // namespace harmonic
