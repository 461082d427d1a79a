#pragma once
#include <faiss/Index.h>

#include <memory>

namespace harmonic {

/** GPUs that Faiss can search on; 0 where it was built without its GPU part. */
int neighbor_gpus();

/**
 * A copy of a filled index on the first GPU, with the same interface; null where there is none, or
 * where it has not the memory, and the index is to be searched where it is.
 */
std::unique_ptr<faiss::Index> copy_to_gpu(const faiss::Index& index);

}  // namespace harmonic
