#include "engine/dropout.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "engine/error.h"
#include "engine/graph-ops.h"

namespace harmonic {
namespace {

constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a counter in, 64 random bits out.
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void drop_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& site = *static_cast<const DropoutSite*>(user);
  const ggml_tensor* x = dst->src[0];
  const int64_t n = dst->ne[0];
  const Range r = part(dst->ne[1], ith, nth, 1);
  for (int64_t t = r.begin; t < r.end; t++) {
    float* out = data(dst) + t * stride(dst);
    const float* in = data(x) + t * stride(x);
    site.dropout->factors(site.number, t, 0, n, out);
    for (int64_t i = 0; i < n; i++) out[i] *= in[i];
  }
}

}  // namespace

Dropout::Dropout(float rate) {
  if (!(rate >= 0 && rate < 1)) {
    throw Error("E_USAGE", "expected a number from 0 to below 1 for `dropout` but received " +
                               std::to_string(rate));
  }
  threshold_ = static_cast<uint32_t>(std::min(65535L, std::lrint(rate * 65536)));
  scale_ = static_cast<float>(65536.0 / (65536.0 - threshold_));
}

void Dropout::begin(const std::vector<uint64_t>& seeds, const std::vector<int32_t>& offsets) {
  keys_.resize(offsets.back());
  for (size_t g = 0; g < seeds.size(); g++) {
    const uint64_t start = mix(seeds[g] + kStep);
    for (int32_t t = offsets[g]; t < offsets[g + 1]; t++) {
      keys_[t] = mix(start + kStep * static_cast<uint64_t>(t - offsets[g] + 1));
    }
  }
}

void Dropout::factors(uint64_t site, int64_t token, int64_t first, int64_t n, float* out) const {
  const uint64_t key = mix(keys_[token] + kStep * (site + 1));
  const auto threshold = static_cast<uint16_t>(threshold_);
  // 16 bits a value, a few dozen values at a time
  constexpr int64_t kWords = 16;
  uint64_t words[kWords];
  uint16_t bits[4 * kWords];
  for (int64_t at = 0; at < n; at += 4 * kWords) {
    const auto counter = static_cast<uint64_t>(first + at) / 4;
    for (int64_t w = 0; w < kWords; w++) words[w] = mix(key + kStep * (counter + w + 1));
    std::memcpy(bits, words, sizeof bits);
    const int64_t count = std::min<int64_t>(4 * kWords, n - at);
    for (int64_t i = 0; i < count; i++) out[at + i] = bits[i] < threshold ? 0.0f : scale_;
  }
}

ggml_tensor* drop(ggml_context* c, ggml_tensor* x, const DropoutSite* site) {
  return ggml_set_name(
      custom(c, x->ne[0], x->ne[1], {x}, drop_kernel, const_cast<DropoutSite*>(site)), "dropout");
}

}  // namespace harmonic
