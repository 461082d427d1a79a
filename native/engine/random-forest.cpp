#include "engine/random-forest.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "engine/bins.h"
#include "engine/tree.h"

namespace harmonic {
namespace {

TreeSettings tree_settings(const LearnerProblem& p) {
  TreeSettings settings;
  if (p.parameters.count("depth"))
    settings.max_depth = static_cast<size_t>(p.parameter("depth", 0));
  settings.min_split = static_cast<size_t>(p.parameter("minSplit", 2));
  const double d = static_cast<double>(p.d);
  const double share = p.task == Task::classification ? 1 / std::sqrt(d) : 1.0 / 3;
  settings.max_features =
      std::max<size_t>(1, static_cast<size_t>(d * p.parameter("features", share) + 1e-9));
  return settings;
}

/** Calls work(i) for each i below n, on so many threads. */
template <class Work>
void for_each(size_t n, int threads, const Work& work) {
  std::atomic<size_t> next{0};
  const auto loop = [&] {
    for (size_t i = next++; i < n; i = next++) work(i);
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; t++) others.emplace_back(loop);
  loop();
  for (std::thread& other : others) other.join();
}

std::vector<double> fit_predict_forest(const LearnerProblem& p) {
  const size_t n_trees = static_cast<size_t>(p.parameter("trees", 100));
  const TreeSettings settings = tree_settings(p);
  const Bins bins(p.x, p.n, p.d);
  std::vector<std::unique_ptr<Tree>> trees(n_trees);
  for_each(n_trees, p.threads, [&](size_t t) {
    SplitMix64 random(p.seed * 0x9e3779b97f4a7c15 + t);
    std::vector<uint32_t> counts(p.n, 0);
    for (size_t i = 0; i < p.n; i++)
      counts[static_cast<size_t>(random.uniform() * static_cast<double>(p.n))]++;
    trees[t] = std::make_unique<Tree>(p, bins, counts, settings, random.next());
  });

  constexpr size_t kRowsAtOnce = 256;
  const size_t width = p.task == Task::classification ? p.n_classes : 1;
  std::vector<double> result(p.m * width, 0.0);
  for_each((p.m + kRowsAtOnce - 1) / kRowsAtOnce, p.threads, [&](size_t block) {
    const size_t begin = block * kRowsAtOnce;
    const size_t n = std::min(kRowsAtOnce, p.m - begin);
    const std::vector<uint8_t> rows = bins.assign(p.test + begin * p.d, n);
    for (const auto& tree : trees) {
      for (size_t i = 0; i < n; i++)
        tree->add_prediction(rows.data() + i * p.d, result.data() + (begin + i) * width);
    }
    for (size_t i = begin * width; i < (begin + n) * width; i++)
      result[i] /= static_cast<double>(n_trees);
  });
  return result;
}

}  // namespace

Learner random_forest() {
  return {"random-forest", {"trees", "depth", "minSplit", "features"}, fit_predict_forest};
}

}  // namespace harmonic
