#include "engine/tree.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace harmonic {

/** What growing needs and predicting does not. */
struct Tree::Growth {
  const LearnerProblem& p;
  const Bins& bins;
  const std::vector<uint32_t>& counts;
  const TreeSettings& settings;
  SplitMix64 random;
  std::vector<uint32_t> rows;      // those of a node lie together
  std::vector<uint32_t> features;  // all, in an order that is drawn anew at each node
  std::vector<double> totals;      // of the node: width_ sums, then the weight
  std::vector<double> histogram;   // of one feature: (bins, width_ + 1)
  std::vector<double> left;

  bool classifies() const { return p.task == Task::classification; }

  /** Adds a row to sums of shape (width_ + 1). */
  void add(uint32_t row, size_t width, double* sums) const {
    const double weight = counts[row];
    if (classifies()) {
      sums[static_cast<size_t>(p.y[row])] += weight;
    } else {
      sums[0] += weight * p.y[row];
    }
    sums[width] += weight;
  }
};

namespace {

/** What Gini impurity and variance both want large: squared sums over the weight. */
double purity(const double* sums, size_t width) {
  double squares = 0;
  for (size_t c = 0; c < width; c++) squares += sums[c] * sums[c];
  return squares / sums[width];
}

}  // namespace

Tree::Tree(const LearnerProblem& p, const Bins& bins, const std::vector<uint32_t>& counts,
           const TreeSettings& settings, uint64_t seed)
    : width_(p.task == Task::classification ? p.n_classes : 1) {
  Growth growth{p, bins, counts, settings, SplitMix64(seed), {}, {}, {}, {}, {}};
  for (uint32_t i = 0; i < p.n; i++) {
    if (counts[i] > 0) growth.rows.push_back(i);
  }
  growth.features.resize(p.d);
  std::iota(growth.features.begin(), growth.features.end(), 0u);
  growth.totals.resize(width_ + 1);
  growth.left.resize(width_ + 1);

  struct Open {
    uint32_t node;
    size_t begin, end, depth;
  };
  nodes_.emplace_back();
  std::vector<Open> open = {{0, 0, growth.rows.size(), 0}};
  while (!open.empty()) {
    const Open at = open.back();
    open.pop_back();
    std::fill(growth.totals.begin(), growth.totals.end(), 0.0);
    bool pure = true;
    for (size_t i = at.begin; i < at.end; i++) {
      growth.add(growth.rows[i], width_, growth.totals.data());
      pure = pure && p.y[growth.rows[i]] == p.y[growth.rows[at.begin]];
    }
    Split split;
    if (!pure && at.depth < settings.max_depth && at.end - at.begin >= settings.min_split)
      split = best_split(growth, at.begin, at.end);
    if (split.gain < 0) {
      make_leaf(growth, at.node);
      continue;
    }
    const uint8_t* column = bins.column(split.feature);
    const auto middle = std::partition(growth.rows.begin() + at.begin, growth.rows.begin() + at.end,
                                       [&](uint32_t row) { return column[row] <= split.bin; });
    const size_t border = static_cast<size_t>(middle - growth.rows.begin());
    const uint32_t left = static_cast<uint32_t>(nodes_.size());
    nodes_[at.node].feature = split.feature;
    nodes_[at.node].bin = split.bin;
    nodes_[at.node].left = left;
    nodes_.resize(nodes_.size() + 2);
    open.push_back({left + 1, border, at.end, at.depth + 1});
    open.push_back({left, at.begin, border, at.depth + 1});
  }
}

Tree::Split Tree::best_split(Growth& growth, size_t begin, size_t end) const {
  Split best;
  auto& features = growth.features;
  for (size_t drawn = 0; drawn < features.size(); drawn++) {
    if (drawn >= growth.settings.max_features && best.gain >= 0) break;
    const size_t left = features.size() - drawn;
    const size_t pick =
        drawn + static_cast<size_t>(growth.random.uniform() * static_cast<double>(left));
    std::swap(features[drawn], features[pick]);
    best_of_feature(growth, begin, end, features[drawn], best);
  }
  return best;
}

void Tree::best_of_feature(Growth& growth, size_t begin, size_t end, uint32_t feature,
                           Split& best) const {
  const uint8_t* column = growth.bins.column(feature);
  const size_t n_bins = growth.bins.count(feature);
  const size_t stride = width_ + 1;
  if (n_bins < 2) return;
  growth.histogram.assign(n_bins * stride, 0.0);
  double* histogram = growth.histogram.data();
  for (size_t i = begin; i < end; i++) {
    const uint32_t row = growth.rows[i];
    growth.add(row, width_, histogram + column[row] * stride);
  }
  std::fill(growth.left.begin(), growth.left.end(), 0.0);
  std::vector<double>& left = growth.left;
  size_t last = n_bins;  // the last bin with rows
  double gain_here = 0;
  for (size_t b = 0; b < n_bins; b++) {
    const double* here = histogram + b * stride;
    if (here[width_] == 0) continue;
    if (last < n_bins && gain_here > best.gain) {
      // between two bins with rows: the middle one, as the threshold lies between two values
      best = {gain_here, feature, static_cast<uint8_t>((last + b - 1) / 2)};
    }
    last = b;
    for (size_t c = 0; c < stride; c++) left[c] += here[c];
    const double weight = growth.totals[width_] - left[width_];
    if (weight <= 0) break;
    double squares = 0;
    for (size_t c = 0; c < width_; c++) {
      const double right = growth.totals[c] - left[c];
      squares += right * right;
    }
    gain_here = purity(left.data(), width_) + squares / weight;
  }
}

void Tree::make_leaf(Growth& growth, uint32_t node) {
  nodes_[node].value = static_cast<uint32_t>(values_.size());
  for (size_t c = 0; c < width_; c++)
    values_.push_back(static_cast<float>(growth.totals[c] / growth.totals[width_]));
}

void Tree::add_prediction(const uint8_t* row, double* out) const {
  uint32_t at = 0;
  while (nodes_[at].left != 0)
    at = nodes_[at].left + (row[nodes_[at].feature] <= nodes_[at].bin ? 0 : 1);
  for (size_t c = 0; c < width_; c++) out[c] += values_[nodes_[at].value + c];
}

}  // namespace harmonic
