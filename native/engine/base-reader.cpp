#include "engine/base-reader.h"

#include <algorithm>
#include <optional>

#include "engine/adapter-check.h"
#include "engine/error.h"
#include "engine/low-rank.h"

namespace harmonic {
namespace {

/** Rows of a matrix that are read at a time. */
constexpr int64_t kRowsAtOnce = 1024;

std::optional<LowRank> product_of(const GgufFile* adapter, const GgufTensor& tensor) {
  return adapter ? LowRank::find(*adapter, tensor) : std::nullopt;
}

}  // namespace

BaseReader::BaseReader(const std::string& path, const std::string& adapter)
    : file_(path, "base model") {
  if (adapter.empty()) return;
  adapter_ = std::make_unique<GgufFile>(adapter, "adapter");
  check_adapter(*adapter_, file_);
}

const GgufTensor& BaseReader::find(const std::string& name) const {
  const GgufTensor* tensor = file_.find(name);
  if (!tensor) throw Error("E_MODEL", file_.path() + ": has no tensor \"" + name + "\"");
  return *tensor;
}

bool BaseReader::is_adapted(const GgufTensor& tensor) const {
  return product_of(adapter_.get(), tensor).has_value();
}

std::vector<float> BaseReader::read(const std::vector<std::string>& names) const {
  std::vector<float> all;
  for (const auto& name : names) {
    const GgufTensor& tensor = find(name);
    std::vector<float> values = file_.read(tensor);
    if (const auto product = product_of(adapter_.get(), tensor))
      product->add(values.data(), 0, tensor.shape[1]);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

void BaseReader::read_rows(const std::vector<std::string>& names, const TakeRows& take) const {
  int64_t done = 0;
  for (const auto& name : names) {
    const GgufTensor& tensor = find(name);
    const auto product = product_of(adapter_.get(), tensor);
    for (int64_t first = 0; first < tensor.shape[1]; first += kRowsAtOnce) {
      const int64_t n = std::min(kRowsAtOnce, tensor.shape[1] - first);
      std::vector<float> values = file_.read_rows(tensor, first, n);
      if (product) product->add(values.data(), first, n);
      take(done + first, n, values.data());
    }
    done += tensor.shape[1];
  }
}

void BaseReader::read_rows(const std::string& name, const std::vector<int32_t>& ids,
                           const TakeRows& take) const {
  const GgufTensor& tensor = find(name);
  const auto product = product_of(adapter_.get(), tensor);
  for (size_t i = 0; i < ids.size(); i++) {
    std::vector<float> values = file_.read_rows(tensor, ids[i], 1);
    if (product) product->add(values.data(), ids[i], 1);
    take(static_cast<int64_t>(i), 1, values.data());
  }
}

int64_t BaseReader::values_at_once(int64_t n_in, int64_t n_out) {
  return n_in * std::min(n_out, kRowsAtOnce);
}

}  // namespace harmonic
