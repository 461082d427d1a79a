#include "engine/bins.h"

#include <algorithm>

namespace harmonic {
namespace {

constexpr size_t kMaxBins = 256;

/** Halfway between the values on both sides of each border, ascending. */
std::vector<float> borders_of(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  std::vector<float> distinct = values;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<float> borders;
  const auto add = [&](float below, float above) {
    const float middle = below + (above - below) / 2;
    borders.push_back(middle < above ? middle : below);
  };
  if (distinct.size() <= kMaxBins) {
    for (size_t i = 1; i < distinct.size(); i++) add(distinct[i - 1], distinct[i]);
    return borders;
  }
  for (size_t b = 1; b < kMaxBins; b++) {
    const float below = values[b * values.size() / kMaxBins - 1];
    const auto above = std::upper_bound(distinct.begin(), distinct.end(), below);
    if (above != distinct.end() && (borders.empty() || borders.back() < below)) add(below, *above);
  }
  return borders;
}

}  // namespace

Bins::Bins(const float* x, size_t n, size_t d) : n_(n), d_(d), upper_(d), cells_(n * d) {
  std::vector<float> values(n);
  for (size_t j = 0; j < d; j++) {
    for (size_t i = 0; i < n; i++) values[i] = x[i * d + j];
    upper_[j] = borders_of(values);
    for (size_t i = 0; i < n; i++) cells_[j * n + i] = bin(j, values[i]);
  }
}

std::vector<uint8_t> Bins::assign(const float* x, size_t n) const {
  std::vector<uint8_t> cells(n * d_);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < d_; j++) cells[i * d_ + j] = bin(j, x[i * d_ + j]);
  }
  return cells;
}

uint8_t Bins::bin(size_t j, float value) const {
  const auto& upper = upper_[j];
  return static_cast<uint8_t>(std::lower_bound(upper.begin(), upper.end(), value) - upper.begin());
}

}  // namespace harmonic
