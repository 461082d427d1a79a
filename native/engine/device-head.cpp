#include "engine/device-head.h"

#include <algorithm>
#include <memory>

#include "engine/placed-graph.h"

namespace harmonic {
namespace {

/** So few logits of all rows in flight are copied sooner than chosen among. */
constexpr size_t kMostWhole = 1 << 17;
constexpr size_t kLeastChoice = 64;

int find(const std::vector<int32_t>& ids, int32_t token) {
  return static_cast<int>(std::lower_bound(ids.begin(), ids.end(), token) - ids.begin());
}

}  // namespace

DeviceHead::DeviceHead(const DeviceModel& model, const DeviceBackend& backend,
                       const EvaluatorOptions& options)
    : vocabulary_(options.vocabulary), store_(2), rows_(model.weights().head.forward) {
  if (!options.column_vocabularies.empty()) {
    expect_columns(model.n_columns(), static_cast<int>(options.column_vocabularies.size()) - 1);
  }
  if (vocabulary_.size() * options.n_sequences > kMostWhole) columns_ = options.column_vocabularies;
  n_logits_ = static_cast<int>(vocabulary_.empty() ? rows_->ne[1] : vocabulary_.size());
  if (is_by_column()) {
    size_t most = 0;
    for (const auto& ids : columns_) most = std::max(most, ids.size());
    n_logits_ = static_cast<int>(most);
  }
  if (!vocabulary_.empty()) cut(model, backend);
}

/** Keeps the rows of the vocabulary alone. */
void DeviceHead::cut(const DeviceModel& model, const DeviceBackend& backend) {
  const ggml_tensor* all = rows_;
  const auto n = static_cast<int64_t>(vocabulary_.size());
  ggml_tensor* ids = store_.add(GGML_TYPE_I32, n);
  // in F32, which costs nothing for so few: it decides between near likelihoods
  rows_ = store_.add(GGML_TYPE_F32, all->ne[0], n);
  store_.allocate(backend, "the head");
  ggml_backend_tensor_set(ids, vocabulary_.data(), 0, ggml_nbytes(ids));
  constexpr size_t kNodes = 8;
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> context(
      ggml_init({ggml_tensor_overhead() * kNodes + ggml_graph_overhead_custom(kNodes, false),
                 nullptr, true}),
      ggml_free);
  ggml_cgraph* graph = ggml_new_graph_custom(context.get(), kNodes, false);
  ggml_tensor* chosen = ggml_get_rows(context.get(), model.weights().head.forward, ids);
  ggml_build_forward_expand(graph, ggml_cpy(context.get(), chosen, rows_));
  // one that nobody aborts: nothing is drawn yet
  const DeviceBackend own(model.device(), 1, [] { return false; });
  PlacedGraph(own, graph).compute();
}

size_t DeviceHead::index_of(int32_t column) const {
  const size_t last = columns_.size() - 1;
  return column < 0 ? last : std::min<size_t>(column, last);
}

int DeviceHead::place(int32_t token, int32_t column) const {
  if (vocabulary_.empty()) return token;
  return find(is_by_column() ? columns_[index_of(column)] : vocabulary_, token);
}

DeviceHead::Choice DeviceHead::choose(const std::vector<int32_t>& columns) const {
  Choice choice;
  if (!is_by_column() || columns.empty()) return choice;
  std::vector<size_t> wanted;
  for (const int32_t column : columns) wanted.push_back(index_of(column));
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const size_t column : wanted) {
    choice.begin[column] = choice.rows.size();
    for (const int32_t id : columns_[column]) choice.rows.push_back(find(vocabulary_, id));
  }
  size_t size = kLeastChoice;
  while (size < choice.rows.size()) size *= 2;
  choice.rows.resize(size, 0);
  return choice;
}

size_t DeviceHead::begin(const Choice& choice, int32_t column) const {
  return choice.begin.empty() ? 0 : choice.begin.at(index_of(column));
}

}  // namespace harmonic
