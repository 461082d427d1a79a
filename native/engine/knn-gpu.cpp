#include "engine/knn-gpu.h"

#ifdef HARMONIC_FAISS_GPU
#include <cuda_runtime_api.h>
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <faiss/impl/FaissException.h>

#include <mutex>
#endif

namespace harmonic {

#ifdef HARMONIC_FAISS_GPU

namespace {

// Neighbours that Faiss's GPU part can select.
constexpr size_t kMostWanted = 2048;

class FlatGpuPoints final : public GpuPoints {
 public:
  FlatGpuPoints(faiss::gpu::GpuResourcesProvider* resources, const faiss::IndexFlatL2& index)
      : index_(resources, const_cast<faiss::IndexFlatL2*>(&index)) {}

  bool search(const float* rows, size_t n, size_t wanted, float* distances,
              int64_t* found) override {
    if (wanted > kMostWanted) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
      index_.search(static_cast<int64_t>(n), rows, static_cast<int64_t>(wanted), distances, found);
      return true;
    } catch (const faiss::FaissException&) {
      return false;
    }
  }

 private:
  faiss::gpu::GpuIndexFlatL2 index_;
  std::mutex mutex_;  // one search of an index at a time
};

}  // namespace

int neighbor_gpus() {
  // Not Faiss's own count, which ends the process where the driver is broken.
  int n = 0;
  return cudaGetDeviceCount(&n) == cudaSuccess ? n : 0;
}

std::unique_ptr<GpuPoints> copy_to_gpu(const faiss::IndexFlatL2& index) {
  if (neighbor_gpus() == 0) return nullptr;
  // Its streams and scratch memory, for all indexes; never freed, for CUDA may be gone at the end.
  static auto* resources = new faiss::gpu::StandardGpuResources();
  try {
    return std::make_unique<FlatGpuPoints>(resources, index);
  } catch (const faiss::FaissException&) {
    return nullptr;
  }
}

#else

int neighbor_gpus() { return 0; }

std::unique_ptr<GpuPoints> copy_to_gpu(const faiss::IndexFlatL2&) { return nullptr; }

#endif

}  // namespace harmonic
