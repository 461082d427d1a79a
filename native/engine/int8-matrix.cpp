#include "engine/int8-matrix.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "engine/error.h"
#include "engine/onednn.h"

namespace harmonic {
namespace {

using dnnl::memory;

// Tokens are multiplied in blocks of a multiple of this, so that few shapes are compiled.
constexpr int kTokenUnit = 16;
// Tokens of one product: more need more memory and are no faster.
constexpr int kTokensAtOnce = 256;
// x is rounded to -127 .. 127 and stored with this added: the instructions multiply unsigned by
// signed.
constexpr int kShift = 128;
// Steps that what rounding leaves, -0.5 .. 0.5, is rounded to.
constexpr float kLowSteps = 254;
// A row whose values are all smaller counts as zero: 127 over them would be infinite.
constexpr float kSmallest = 1e-35f;

dnnl::matmul::primitive_desc describe(int m, int k, int n, const memory::desc& weights) {
  const memory::desc x({m, k}, memory::data_type::u8, memory::format_tag::ab);
  const memory::desc y({m, n}, memory::data_type::s32, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return describe_product(x, weights, y, attributes);
}

// What one thread needs while it multiplies.
struct Scratch {
  std::vector<uint8_t> x;
  std::vector<float> x_scales;
  std::vector<int32_t> y;
  std::vector<uint8_t> pad;
};

Scratch& scratch() {
  static thread_local Scratch s;
  return s;
}

}  // namespace

struct Int8Matrix::Kernel {
  memory::desc packed_desc;
  memory packed;
  // compiled products by number of tokens; found or made under the lock
  mutable std::mutex mutex;
  mutable std::map<int, std::pair<dnnl::matmul, memory::desc>> products;

  std::pair<dnnl::matmul, memory::desc> product(int m, int k, int n) const {
    const std::lock_guard<std::mutex> lock(mutex);
    auto found = products.find(m);
    if (found == products.end()) {
      const auto pd = describe(m, k, n, packed_desc);
      found = products.emplace(m, std::make_pair(dnnl::matmul(pd), pd.scratchpad_desc())).first;
    }
    return found->second;
  }
};

Int8Matrix::Int8Matrix(const float* weights, int n_in, int n_out)
    : n_in_(n_in),
      n_out_(n_out),
      scales_(n_out),
      row_sums_(n_out),
      kernel_(std::make_unique<Kernel>()) {
  if (weights == nullptr) return;
  std::vector<int8_t> rounded(static_cast<size_t>(n_in) * n_out);
  for (int o = 0; o < n_out; o++) {
    const float* row = weights + static_cast<size_t>(o) * n_in;
    float largest = 0;
    for (int i = 0; i < n_in; i++) largest = std::max(largest, std::abs(row[i]));
    const float inverse = largest > kSmallest ? 127.0f / largest : 0.0f;
    scales_[o] = largest / 127.0f;
    for (int i = 0; i < n_in; i++) {
      const auto q = static_cast<int8_t>(std::lrint(row[i] * inverse));
      rounded[static_cast<size_t>(o) * n_in + i] = q;
      row_sums_[o] += q;
    }
  }
  try {
    // oneDNN multiplies (m, k) by (k, n): the rows of W are the columns of its second operand
    const memory::desc plain({n_in, n_out}, memory::data_type::s8, memory::format_tag::ba);
    const memory::desc any({n_in, n_out}, memory::data_type::s8, memory::format_tag::any);
    kernel_->packed_desc = describe(256, n_in, n_out, any).weights_desc();
    memory source(plain, onednn_cpu(), rounded.data());
    kernel_->packed = memory(kernel_->packed_desc, onednn_cpu());
    dnnl::stream stream(onednn_cpu());
    dnnl::reorder(source, kernel_->packed).execute(stream, source, kernel_->packed);
    stream.wait();
  } catch (const dnnl::error& error) {
    throw Error("E_NATIVE", std::string("oneDNN cannot multiply in 8 bits here: ") + error.what(),
                "train with --weights f32");
  }
}

Int8Matrix::~Int8Matrix() = default;

size_t Int8Matrix::bytes() const {
  // oneDNN pads rows and columns to its blocks
  const auto padded = [](int n, int unit) {
    return static_cast<size_t>(n + unit - 1) / unit * unit;
  };
  return padded(n_in_, 64) * padded(n_out_, 64) + 8 * static_cast<size_t>(n_out_);
}

size_t Int8Matrix::work_bytes(int64_t n) const {
  const int64_t rows = 2 * std::min<int64_t>(n, kTokensAtOnce);
  return rows * (static_cast<size_t>(n_in_) + 4 * static_cast<size_t>(n_out_));
}

bool Int8Matrix::is_fast_here() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa >= dnnl::cpu_isa::avx512_core_vnni || isa == dnnl::cpu_isa::avx2_vnni;
}

void Int8Matrix::multiply(const float* x, int64_t ldx, float* y, int64_t ldy, int n) const {
  if (n > kTokensAtOnce) {
    multiply(x, ldx, y, ldy, kTokensAtOnce);
    return multiply(x + kTokensAtOnce * ldx, ldx, y + kTokensAtOnce * ldy, ldy, n - kTokensAtOnce);
  }
  if (n == 0) return;
  // Each token is rounded to 8 bits and what that leaves to 8 bits more: two rows of one product.
  const int rows = 2 * n;
  const int m = (rows + kTokenUnit - 1) / kTokenUnit * kTokenUnit;
  Scratch& s = scratch();
  s.x.resize(static_cast<size_t>(m) * n_in_);
  s.x_scales.resize(n);
  s.y.resize(static_cast<size_t>(m) * n_out_);
  for (int t = 0; t < n; t++) {
    const float* row = x + t * ldx;
    uint8_t* high = s.x.data() + static_cast<size_t>(2 * t) * n_in_;
    uint8_t* low = high + n_in_;
    float largest = 0;
    for (int i = 0; i < n_in_; i++) largest = std::max(largest, std::abs(row[i]));
    const float inverse = largest > kSmallest ? 127.0f / largest : 0.0f;
    s.x_scales[t] = largest / 127.0f;
    for (int i = 0; i < n_in_; i++) {
      const float scaled = row[i] * inverse;
      const float rounded = std::nearbyint(scaled);
      high[i] = static_cast<uint8_t>(static_cast<int>(rounded) + kShift);
      low[i] = static_cast<uint8_t>(
          static_cast<int>(std::nearbyint((scaled - rounded) * kLowSteps)) + kShift);
    }
  }
  std::fill(s.x.begin() + static_cast<size_t>(rows) * n_in_, s.x.end(), kShift);

  const auto [product, scratchpad] = kernel_->product(m, n_in_, n_out_);
  s.pad.resize(scratchpad.get_size() + 1);
  memory mx({{m, n_in_}, memory::data_type::u8, memory::format_tag::ab}, onednn_cpu(), s.x.data());
  memory my({{m, n_out_}, memory::data_type::s32, memory::format_tag::ab}, onednn_cpu(),
            s.y.data());
  memory pad(scratchpad, onednn_cpu(), s.pad.data());
  dnnl::stream stream(onednn_cpu());
  product.execute(stream, {{DNNL_ARG_SRC, mx},
                           {DNNL_ARG_WEIGHTS, kernel_->packed},
                           {DNNL_ARG_DST, my},
                           {DNNL_ARG_SCRATCHPAD, pad}});
  stream.wait();

  for (int t = 0; t < n; t++) {
    const int32_t* high = s.y.data() + static_cast<size_t>(2 * t) * n_out_;
    const int32_t* low = high + n_out_;
    float* out = y + t * ldy;
    const float scale = s.x_scales[t];
    for (int o = 0; o < n_out_; o++) {
      const int32_t shift = kShift * row_sums_[o];
      out[o] =
          scale * scales_[o] *
          (static_cast<float>(high[o] - shift) + static_cast<float>(low[o] - shift) / kLowSteps);
    }
  }
}

ggml_tensor* Int8Matrix::multiply(ggml_context* c, ggml_tensor* x) {
  const auto kernel = [](ggml_tensor* dst, int ith, int nth, void* user) {
    const ggml_tensor* from = dst->src[0];
    const int64_t units = (dst->ne[1] + kTokenUnit - 1) / kTokenUnit;
    const int64_t begin = std::min(dst->ne[1], units * ith / nth * kTokenUnit);
    const int64_t end = std::min(dst->ne[1], units * (ith + 1) / nth * kTokenUnit);
    const int64_t ldx = from->nb[1] / sizeof(float), ldy = dst->nb[1] / sizeof(float);
    static_cast<const Int8Matrix*>(user)->multiply(
        static_cast<const float*>(from->data) + begin * ldx, ldx,
        static_cast<float*>(dst->data) + begin * ldy, ldy, static_cast<int>(end - begin));
  };
  return ggml_custom_4d(c, GGML_TYPE_F32, n_out_, x->ne[1], 1, 1, &x, 1, kernel, GGML_N_TASKS_MAX,
                        this);
}

}  // namespace harmonic
