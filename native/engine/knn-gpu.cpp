#include "engine/knn-gpu.h"

#ifdef HARMONIC_FAISS_GPU
#include <faiss/gpu/GpuCloner.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <faiss/gpu/utils/DeviceUtils.h>
#include <faiss/impl/FaissException.h>
#endif

namespace harmonic {

#ifdef HARMONIC_FAISS_GPU

int neighbor_gpus() {
  try {
    return faiss::gpu::getNumDevices();
  } catch (const std::exception&) {  // no driver
    return 0;
  }
}

std::unique_ptr<faiss::Index> copy_to_gpu(const faiss::Index& index) {
  if (neighbor_gpus() == 0) return nullptr;
  // Its streams and scratch memory, for all indexes; never freed, for CUDA may be gone at the end.
  static auto* resources = new faiss::gpu::StandardGpuResources();
  try {
    return std::unique_ptr<faiss::Index>(faiss::gpu::index_cpu_to_gpu(resources, 0, &index));
  } catch (const faiss::FaissException&) {
    return nullptr;
  }
}

#else

int neighbor_gpus() { return 0; }

std::unique_ptr<faiss::Index> copy_to_gpu(const faiss::Index&) { return nullptr; }

#endif

}  // namespace harmonic
