#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

// Numbers of 16 bits with the range of a float: its upper half.
namespace harmonic {

// Whether the processor that this is built for multiplies factors of 16 bits.
bool has_half_products();

// Whether it does so faster than factors of 32: AMD's since Zen 4. Intel's take four times as long
// for an instruction, with twice the products (measured on Emerald Rapids).
bool half_products_pay();

// To the nearest, of two the even one. What no half holds, from 3.39e38 on, becomes infinite.
inline uint16_t bfloat16_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The same of n numbers.
void bfloat16_of(const float* x, size_t n, uint16_t* halves);

}  // namespace harmonic
