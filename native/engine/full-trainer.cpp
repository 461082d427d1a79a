#include "engine/full-trainer.h"

#include <gguf.h>
#include <omp.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "engine/bfloat16.h"
#include "engine/error.h"
#include "engine/model-writer.h"
#include "engine/threads.h"

namespace harmonic {
namespace {

// Tokens of a piece: enough for products at full speed, few enough for a core's cache.
constexpr int64_t kPieceTokens = 512;
// Floats that the threads' copies of the gradients may take together.
constexpr size_t kGradientFloats = size_t{64} << 20;

int count_workers(int threads, size_t n_parameters) {
  const size_t copies = std::max<size_t>(1, kGradientFloats / std::max<size_t>(1, n_parameters));
  return static_cast<int>(std::min<size_t>(std::max(1, threads), copies));
}

// The options, with the columns of a file that has some.
FullTrainerOptions complete(FullTrainerOptions o, const GgufFile& file) {
  const auto fail = [&](const std::string& what) {
    throw Error("E_USAGE", file.path() + ": " + what);
  };
  const NextColumns known = NextColumns::read(file);
  if (known.n > 0) {
    if (o.columns.n > 0 && (o.columns.n != known.n || o.columns.of != known.of)) {
      fail("was trained with other columns");
    }
    o.columns = known;
  }
  if (o.columns.n == 0 && o.features.n == 0) return o;
  const GgufTensor* embedding = file.find("token_embd.weight");
  const int64_t n_ids = embedding ? embedding->shape[1] : 0;
  if (!file.find("output.weight")) fail("expected a model with an output matrix of its own");
  std::string fault = o.columns.n > 0 ? o.columns.fault(n_ids) : "";
  if (fault.empty() && o.features.n > 0) fault = o.features.fault(n_ids);
  if (!fault.empty()) fail(fault);
  return o;
}

// Norms and biases are not decayed, nor are tables that a batch sees some rows of.
bool is_decayed(const DenseModel& model, const DenseTensor& t) {
  return t.n_out > 1 && t.at != model.embedding && t.at != model.columns &&
         t.at != model.features_in && t.at != model.features_out;
}

}  // namespace

FullTrainer::FullTrainer(const FullTrainerOptions& options)
    : file_(options.path, "base model"),
      options_(complete(options, file_)),
      model_(file_, {options_.columns.n, options_.features.n}),
      head_(model_, options.vocabulary, options.allowed_sets) {
  float* values = model_.values.data();
  const int64_t width = model_.hp.n_embd, rows = width * model_.hp.n_vocab;
  const std::vector<float> columns = NextColumns::read_embeddings(file_);
  if (!columns.empty()) {
    std::copy(columns.begin(), columns.end(), values + model_.columns);
    options_.columns.fold(columns.data(), width, -1, values + model_.embedding);
  }
  if (options_.features.n > 0) {
    plain_.assign(values + model_.embedding, values + model_.embedding + rows);
    plain_.insert(plain_.end(), values + model_.head, values + model_.head + rows);
  }
  const int n_workers = count_workers(options.threads, model_.values.size());
  threads_each_ = std::max(1, options.threads / n_workers);
  gradients_.assign(n_workers, std::vector<float>(model_.values.size()));
  std::vector<Parameter> all;
  for (const DenseTensor& t : model_.tensors) {
    float* value = values + t.at;
    if (!plain_.empty() && t.at == model_.embedding) value = plain_.data();
    if (!plain_.empty() && t.at == model_.head) value = plain_.data() + rows;
    all.push_back({t.name, value, gradients_[0].data() + t.at, t.size(), is_decayed(model_, t)});
  }
  parameters_ = Parameters(std::move(all), options_.average_decay);
  const Factors factors =
      options.half_products && half_products_pay() ? Factors::bf16 : Factors::f32;
  for (int w = 0; w < n_workers; w++) {
    passes_.push_back(
        std::make_unique<DensePass>(model_, head_, options.dropout, factors, threads_each_));
  }
}

void FullTrainer::check(const TrainBatch& batch, bool backward) const {
  const size_t n_vocab = model_.hp.n_vocab, n_labels = head_.n_labels();
  check_batch(batch, {n_vocab, n_labels, {}, options_.columns.n}, backward && options_.dropout > 0);
  head_.check(batch);
  if (!std::is_sorted(batch.loss_positions.begin(), batch.loss_positions.end())) {
    throw Error("E_USAGE", "a training batch has loss positions that are not in order");
  }
}

std::vector<FullTrainer::Share> FullTrainer::shares(const TrainBatch& b) const {
  const auto n_workers = static_cast<int64_t>(passes_.size());
  const auto n_groups = static_cast<int64_t>(b.group_offsets.size()) - 1;
  const int64_t n = b.group_offsets.back();
  // The first group that begins at a token or behind it.
  const auto group_at = [&](int64_t token) {
    return std::min<int64_t>(
        n_groups, std::lower_bound(b.group_offsets.begin(), b.group_offsets.end(), token) -
                      b.group_offsets.begin());
  };
  std::vector<Share> out;
  for (int64_t w = 0; w < n_workers; w++) {
    const int64_t first = group_at(w * n / n_workers);
    const int64_t end = w + 1 == n_workers ? n_groups : group_at((w + 1) * n / n_workers);
    const int64_t begin_token = b.group_offsets[first];
    const int64_t tokens = b.group_offsets[end] - begin_token;
    const int64_t n_pieces = std::max<int64_t>(1, (tokens + kPieceTokens / 2) / kPieceTokens);
    Share share;
    for (int64_t p = 0; p < n_pieces; p++)
      share.pieces.push_back(std::max(first, group_at(begin_token + p * tokens / n_pieces)));
    share.pieces.push_back(end);
    out.push_back(share);
  }
  return out;
}

std::vector<float> FullTrainer::run(const TrainBatch& given, bool backward) {
  check(given, backward);
  const std::lock_guard<std::mutex> lock(mutex_);
  TrainBatch natural;
  if (options_.columns.n > 0 && given.next_columns.empty()) {
    natural = given;
    for (int32_t t : given.tokens) natural.next_columns.push_back(options_.columns.of[t]);
  }
  const TrainBatch& batch = natural.tokens.empty() ? given : natural;
  const float* weights = backward ? model_.values.data() : kept_weights();
  std::vector<float> losses(batch.loss_positions.size());
  const std::vector<Share> parts = shares(batch);
  std::vector<std::exception_ptr> errors(parts.size());
  const auto work = [&](size_t w) {
    omp_set_num_threads(threads_each_);  // of this thread's calls of oneDNN
    try {
      for (size_t p = 0; p + 1 < parts[w].pieces.size() && !aborted_; p++) {
        passes_[w]->run(batch, parts[w].pieces[p], parts[w].pieces[p + 1], weights,
                        backward ? gradients_[w].data() : nullptr, losses.data(), aborted_);
      }
    } catch (...) {
      errors[w] = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  for (size_t w = 0; w < parts.size(); w++) workers.emplace_back(work, w);
  for (std::thread& worker : workers) worker.join();
  if (aborted_) throw Error("E_ABORTED", "training was interrupted");
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return losses;
}

std::vector<float> FullTrainer::accumulate(const TrainBatch& batch) { return run(batch, true); }

std::vector<float> FullTrainer::evaluate(const TrainBatch& batch) { return run(batch, false); }

void FullTrainer::gather() {
  in_parts(static_cast<int64_t>(model_.values.size()), options_.threads,
           [&](int64_t begin, int64_t end) {
             float* sum = gradients_[0].data();
             for (size_t w = 1; w < gradients_.size(); w++) {
               float* part = gradients_[w].data();
               for (int64_t i = begin; i < end; i++) sum[i] += part[i];
               std::fill(part + begin, part + end, 0.0f);
             }
           });
  if (options_.features.n == 0) return;
  float* sum = gradients_[0].data();
  const int64_t width = model_.hp.n_embd;
  options_.features.project_back(sum + model_.embedding, width, sum + model_.features_in);
  options_.features.project_back(sum + model_.head, width, sum + model_.features_out);
}

void FullTrainer::refresh() {
  averaged_.clear();
  if (options_.features.n == 0) return;
  float* values = model_.values.data();
  const int64_t width = model_.hp.n_embd;
  const float* plain = plain_.data();
  options_.features.add(plain, values + model_.features_in, width, values + model_.embedding);
  options_.features.add(plain + plain_.size() / 2, values + model_.features_out, width,
                        values + model_.head);
}

const float* FullTrainer::kept_weights() {
  if (!parameters_.averaged()) return model_.values.data();
  if (averaged_.empty()) {
    averaged_.resize(model_.values.size());
    float* to = averaged_.data();
    const std::vector<float> averages = parameters_.averages();
    const float* from = averages.data();
    for (const DenseTensor& t : model_.tensors) {
      std::copy_n(from, t.size(), to + t.at);
      from += t.size();
    }
    if (options_.features.n > 0) {
      const int64_t width = model_.hp.n_embd;
      float *embedding = to + model_.embedding, *head = to + model_.head;
      options_.features.add(embedding, to + model_.features_in, width, embedding);
      options_.features.add(head, to + model_.features_out, width, head);
    }
  }
  return averaged_.data();
}

double FullTrainer::update(const AdamWOptions& options) {
  const std::lock_guard<std::mutex> lock(mutex_);
  gather();
  const double norm = parameters_.update(options, options_.threads);
  refresh();
  return norm;
}

std::vector<char> FullTrainer::state() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return parameters_.state();
}

void FullTrainer::set_state(const std::vector<char>& state) {
  const std::lock_guard<std::mutex> lock(mutex_);
  parameters_.set_state(state);
  refresh();
  for (auto& gradient : gradients_) std::fill(gradient.begin(), gradient.end(), 0.0f);
}

void FullTrainer::save(const std::string& path, const std::map<std::string, std::string>& metadata,
                       const std::string& type) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::unique_ptr<gguf_context, void (*)(gguf_context*)> header(gguf_init_empty(), gguf_free);
  gguf_set_kv(header.get(), file_.metadata());
  for (const auto& [key, value] : metadata)
    gguf_set_val_str(header.get(), ("harmonic." + key).c_str(), value.c_str());
  const float* weights = kept_weights();
  const int64_t width = model_.hp.n_embd;
  std::vector<float> embedding;  // with the natural order's columns
  if (options_.columns.n > 0) {
    const float* columns = weights + model_.columns;
    const float* rows = weights + model_.embedding;
    embedding.assign(rows, rows + width * model_.hp.n_vocab);
    options_.columns.fold(columns, width, 1, embedding.data());
    options_.columns.write(header.get(), columns, width);
  }
  std::vector<NamedTensor> tensors;
  for (const GgufTensor& t : file_.tensors()) {
    const auto found = std::find_if(model_.tensors.begin(), model_.tensors.end(),
                                    [&](const DenseTensor& d) { return d.name == t.name; });
    if (found == model_.tensors.end()) continue;
    const bool folded = !embedding.empty() && found->at == model_.embedding;
    const float* values = folded ? embedding.data() : weights + found->at;
    tensors.push_back({t.name, {t.shape[0], t.shape[1]}, values, t.type});
  }
  const std::vector<float> factors = rope_factors();
  if (!factors.empty()) {
    const auto n = static_cast<int64_t>(factors.size());
    tensors.push_back({"rope_freqs.weight", {n, 1}, factors.data()});
  }
  write_model(path, header.get(), tensors, type);
}

// As the file has them.
std::vector<float> FullTrainer::rope_factors() const {
  const GgufTensor* tensor = file_.find("rope_freqs.weight");
  return tensor ? file_.read(*tensor) : std::vector<float>();
}

}  // namespace harmonic
