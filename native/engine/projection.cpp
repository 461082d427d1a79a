#include "engine/projection.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/bfloat16.h"
#include "engine/error.h"
#include "engine/onednn.h"

namespace harmonic {
namespace {

using dnnl::memory;

// oneDNN compiles each shape of a product of halves: those of so many tokens at most, in multiples
// of the unit. The few that are left over are multiplied in F32.
constexpr int64_t kTokensAtOnce = 512;
constexpr int64_t kTokenUnit = 16;

// A matrix of halves, read by rows or by columns.
struct Halves {
  std::vector<uint16_t> values;
  memory::dims shape, strides;

  void round(const float* x, int64_t rows, int64_t columns) {
    values.resize(static_cast<size_t>(rows * columns));
    bfloat16_of(x, values.size(), values.data());
    shape = {rows, columns};
    strides = {columns, 1};
  }
  memory as_is() { return {desc(shape, strides), onednn_cpu(), values.data()}; }
  memory transposed() {
    return {desc({shape[1], shape[0]}, {1, shape[1]}), onednn_cpu(), values.data()};
  }

 private:
  static memory::desc desc(const memory::dims& shape, const memory::dims& strides) {
    return {shape, memory::data_type::bf16, strides};
  }
};

// c (m, n) = a b, or += where `add`.
void multiply(const memory& a, const memory& b, bool add, float* c) {
  const int64_t m = a.get_desc().dims()[0], n = b.get_desc().dims()[1];
  memory to({{m, n}, memory::data_type::f32, memory::format_tag::ab}, onednn_cpu(), c);
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
  dnnl::stream stream(onednn_cpu());
  dnnl::matmul(describe_product(a.get_desc(), b.get_desc(), to.get_desc(), attributes))
      .execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, to}});
  stream.wait();
}

struct Scratch {
  Halves w, x, dy;
};

// Calls in_halves(scratch, first, count) for tokens that are multiplied in halves, where the
// weights and their rows of x are rounded, and whole(first, count) for the others.
template <class InHalves, class Whole>
void split(const Projection& p, const float* x, int64_t n, const InHalves& in_halves,
           const Whole& whole) {
  int64_t first = 0;
  if (p.factors == Factors::bf16 && n >= kTokenUnit) {
    static thread_local Scratch s;
    s.w.round(p.weights, p.n_out, p.n_in);
    try {
      while (n - first >= kTokenUnit) {
        const int64_t count = std::min(kTokensAtOnce, (n - first) / kTokenUnit * kTokenUnit);
        s.x.round(x + first * p.n_in, count, p.n_in);
        in_halves(s, first, count);
        first += count;
      }
    } catch (const dnnl::error& error) {
      throw Error("E_NATIVE", std::string("oneDNN cannot multiply in BF16 here: ") + error.what());
    }
  }
  if (first < n) whole(first, n - first);
}

}  // namespace

void product(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float* a,
             int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  dnnl_sgemm(trans_a ? 'T' : 'N', trans_b ? 'T' : 'N', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
}

void Projection::forward(const float* x, int64_t n, bool add, float* y) const {
  split(
      *this, x, n,
      [&](Scratch& s, int64_t first, int64_t) {
        multiply(s.x.as_is(), s.w.transposed(), add, y + first * n_out);
      },
      [&](int64_t first, int64_t count) {
        product(false, true, count, n_out, n_in, x + first * n_in, n_in, weights, n_in,
                add ? 1.0f : 0.0f, y + first * n_out, n_out);
      });
}

void Projection::backward(const float* dy, const float* x, int64_t n, float* dx, float* dw) const {
  split(
      *this, x, n,
      [&](Scratch& s, int64_t first, int64_t count) {
        s.dy.round(dy + first * n_out, count, n_out);
        multiply(s.dy.transposed(), s.x.as_is(), true, dw);
        multiply(s.dy.as_is(), s.w.as_is(), false, dx + first * n_in);
      },
      [&](int64_t first, int64_t count) {
        const float* d = dy + first * n_out;
        product(true, false, n_out, n_in, count, d, n_out, x + first * n_in, n_in, 1, dw, n_in);
        product(false, false, count, n_in, n_out, d, n_out, weights, n_in, 0, dx + first * n_in,
                n_in);
      });
}

}  // namespace harmonic
