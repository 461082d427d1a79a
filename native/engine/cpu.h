#pragma once
#include <functional>
#include <string>

#include "ggml-backend.h"

namespace harmonic {

/** ggml's CPU backend with a number of threads, in which libraries that have threads of their own
 * use one each. */
class Cpu {
 public:
  /** `aborted` is asked between the operations of a graph: true ends it. */
  Cpu(int threads, std::function<bool()> aborted);
  ~Cpu();
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  ggml_backend_t backend() const { return backend_; }
  /** Throws Error E_ABORTED where `aborted` ended it, E_NATIVE where it failed; `what` names the
   * work. */
  void compute(ggml_cgraph* graph, const std::string& what);

 private:
  const std::function<bool()> aborted_;
  ggml_backend_t backend_;
};

}  // namespace harmonic
