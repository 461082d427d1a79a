#pragma once
#include <oneapi/dnnl/dnnl.hpp>

// What is shared by products through oneDNN's primitives.
namespace harmonic {

inline dnnl::engine& onednn_cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// y (m, n) = x (m, k) w (k, n).
inline dnnl::matmul::primitive_desc describe_product(const dnnl::memory::desc& x,
                                                     const dnnl::memory::desc& w,
                                                     const dnnl::memory::desc& y,
                                                     const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return {onednn_cpu(), x, w, y, attributes};
#else
  return {dnnl::matmul::desc(x, w, y), attributes, onednn_cpu()};
#endif
}

}  // namespace harmonic
