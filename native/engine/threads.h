#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace harmonic {

// Runs body(begin, end) over `threads` nearly equal parts of n, a thread each; body must not throw.
inline void in_parts(int64_t n, int threads, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(threads, n));
  std::vector<std::thread> workers;
  for (int64_t p = 1; p < parts; p++) {
    workers.emplace_back(body, p * n / parts, (p + 1) * n / parts);
  }
  body(0, n / parts);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace harmonic
