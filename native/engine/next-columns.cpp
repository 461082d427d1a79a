#include "engine/next-columns.h"

#include <gguf.h>

#include <algorithm>

#include "engine/error.h"

namespace harmonic {
namespace {

constexpr char kEmbeddings[] = "harmonic.column_embeddings";
constexpr char kNext[] = "harmonic.next_columns";

}  // namespace

NextColumns NextColumns::read(const GgufFile& file) {
  NextColumns columns;
  columns.of = file.integers(kNext);
  if (columns.of.empty()) return columns;
  const auto width = std::max<int64_t>(1, file.architecture_integer("embedding_length"));
  const auto n_values = static_cast<int64_t>(read_embeddings(file).size());
  columns.n = n_values / width;
  const GgufTensor* ids = file.find("token_embd.weight");
  const std::string fault = columns.fault(ids ? ids->shape[1] : 0);
  if (!fault.empty() || n_values % width != 0) {
    throw Error("E_MODEL", file.path() + ": its columns do not fit it");
  }
  return columns;
}

std::vector<float> NextColumns::read_embeddings(const GgufFile& file) {
  return file.reals(kEmbeddings);
}

void NextColumns::write(gguf_context* header, const float* embeddings, int64_t width) const {
  gguf_set_arr_data(header, kEmbeddings, GGUF_TYPE_FLOAT32, embeddings, n * width);
  gguf_set_arr_data(header, kNext, GGUF_TYPE_INT32, of.data(), of.size());
}

void NextColumns::fold(const float* embeddings, int64_t width, float sign, float* rows) const {
  for (size_t id = 0; id < of.size(); id++) {
    if (of[id] < 0) continue;
    const float* column = embeddings + of[id] * width;
    for (int64_t i = 0; i < width; i++) rows[id * width + i] += sign * column[i];
  }
}

std::string NextColumns::fault(int64_t n_ids) const {
  if (static_cast<int64_t>(of.size()) != n_ids) {
    return "expected the next column of each of " + std::to_string(n_ids) + " ids";
  }
  const bool known = std::all_of(of.begin(), of.end(), [&](int32_t c) { return c >= -1 && c < n; });
  return known ? "" : "expected next columns of " + std::to_string(n) + ", or -1";
}

void expect_columns(int64_t n_known, int64_t n_of_table) {
  if (n_known == 0 || n_known == n_of_table) return;
  throw Error("E_MODEL",
              "the base model was trained on tables of " + std::to_string(n_known) +
                  " columns, and this one has " + std::to_string(n_of_table),
              "train a model on this table");
}

}  // namespace harmonic
