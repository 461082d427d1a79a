#include "engine/cpu.h"

#include <cblas.h>
#include <omp.h>

#include <utility>

#include "engine/error.h"

namespace harmonic {
namespace {

// OpenBLAS and oneDNN run inside ggml's threads here, one call a thread.
class SingleThreadedLibraries {
 public:
  SingleThreadedLibraries() : blas_(openblas_get_num_threads()), openmp_(omp_get_max_threads()) {
    openblas_set_num_threads(1);
    omp_set_num_threads(1);
  }
  ~SingleThreadedLibraries() {
    openblas_set_num_threads(blas_);
    omp_set_num_threads(openmp_);
  }

 private:
  int blas_, openmp_;
};

}  // namespace

Cpu::Cpu(int threads, std::function<bool()> aborted) : aborted_(std::move(aborted)) {
  ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(device);
  backend_ = ggml_backend_dev_init(device, nullptr);
  const auto set_threads = reinterpret_cast<ggml_backend_set_n_threads_t>(
      ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_n_threads"));
  if (set_threads) set_threads(backend_, threads);
  const auto set_abort = reinterpret_cast<ggml_backend_set_abort_callback_t>(
      ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_abort_callback"));
  if (set_abort) {
    set_abort(
        backend_, [](void* self) { return static_cast<Cpu*>(self)->aborted_(); }, this);
  }
}

Cpu::~Cpu() { ggml_backend_free(backend_); }

void Cpu::compute(ggml_cgraph* graph, const std::string& what) {
  const SingleThreadedLibraries libraries;
  const ggml_status status = ggml_backend_graph_compute(backend_, graph);
  if (aborted_()) throw Error("E_ABORTED", what + " was interrupted");
  if (status != GGML_STATUS_SUCCESS) throw Error("E_NATIVE", what + " failed to compute");
}

}  // namespace harmonic
