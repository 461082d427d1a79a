#pragma once
#include <faiss/IndexFlat.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace harmonic {

/** GPUs that Faiss can search on; 0 where it was built without its GPU part. */
int neighbor_gpus();

/** Points on a GPU. */
class GpuPoints {
 public:
  virtual ~GpuPoints() = default;
  /**
   * The `wanted` points that are nearest to each of n rows by single precision, as faiss::Index
   * finds them. False where the GPU cannot: too many are wanted, or its memory does not suffice.
   * Any thread may call it.
   */
  virtual bool search(const float* rows, size_t n, size_t wanted, float* distances,
                      int64_t* found) = 0;
};

/**
 * A copy of an index's points on the first GPU; null where there is none or its memory does not
 * suffice, and the index is to be searched where it is.
 */
std::unique_ptr<GpuPoints> copy_to_gpu(const faiss::IndexFlatL2& index);

}  // namespace harmonic
