// libcublas.so.13, as much of it as ggml's CUDA backend calls. Its numbers of types and modes are
// NVIDIA's, its header is in a package of 400 MB: what is not looked at has no type here.
#include <driver_types.h>

#include <cstdint>

extern "C" {
void idle_multiply(cudaStream_t stream);

using Any = const void*;
constexpr int kSuccess = 0, kInvalidValue = 7;

struct Handle {
  cudaStream_t stream;
};

static int multiply(Handle* handle, int m, int n, int k, int count) {
  if (m <= 0 || n <= 0 || k <= 0 || count <= 0) return kInvalidValue;
  idle_multiply(handle->stream);
  return kSuccess;
}

int cublasCreate_v2(Handle** handle) {
  *handle = new Handle{nullptr};
  return kSuccess;
}
int cublasDestroy_v2(Handle* handle) {
  delete handle;
  return kSuccess;
}
int cublasSetStream_v2(Handle* handle, cudaStream_t stream) {
  handle->stream = stream;
  return kSuccess;
}
int cublasSetMathMode(Handle*, int) { return kSuccess; }
int cublasSetWorkspace_v2(Handle*, void*, size_t) { return kSuccess; }
const char* cublasGetStatusString(int) { return "an error of the idle card"; }
int cublasSgemm_v2(Handle* h, int, int, int m, int n, int k, Any, Any, int, Any, int, Any, Any,
                   int) {
  return multiply(h, m, n, k, 1);
}
int cublasSgemmBatched(Handle* h, int, int, int m, int n, int k, Any, Any, int, Any, int, Any, Any,
                       int, int count) {
  return multiply(h, m, n, k, count);
}
int cublasSgemmStridedBatched(Handle* h, int, int, int m, int n, int k, Any, Any, int, int64_t, Any,
                              int, int64_t, Any, Any, int, int64_t, int count) {
  return multiply(h, m, n, k, count);
}
int cublasGemmEx(Handle* h, int, int, int m, int n, int k, Any, Any, int, int, Any, int, int, Any,
                 Any, int, int, int, int) {
  return multiply(h, m, n, k, 1);
}
int cublasGemmBatchedEx(Handle* h, int, int, int m, int n, int k, Any, Any, int, int, Any, int, int,
                        Any, Any, int, int, int count, int, int) {
  return multiply(h, m, n, k, count);
}
int cublasGemmStridedBatchedEx(Handle* h, int, int, int m, int n, int k, Any, Any, int, int,
                               int64_t, Any, int, int, int64_t, Any, Any, int, int, int64_t,
                               int count, int, int) {
  return multiply(h, m, n, k, count);
}
int cublasStrsmBatched(Handle*, int, int, int, int, int, int, Any, Any, int, Any, int, int) {
  return kSuccess;
}
}
