#include "engine/full-trainer.h"

#include "engine/bfloat16.h"
#include "engine/scratch.h"
#include "engine/trainer.h"
#include "test/test.h"
#include "test/tiny-model.h"
#include "test/training-checks.h"

namespace harmonic {
namespace {

using test::make_batch;

constexpr AdamWOptions kAdamW = {1e-2f, 0.01f, 1, 0.9f, 0.999f, 1e-8f};

std::string scratch_model(bool tied = true) {
  ScratchOptions o;
  o.path = test::temporary(tied ? "scratch.gguf" : "scratch-untied.gguf");
  o.n_vocabulary = 64;
  o.n_layers = 2;
  o.n_embedding = 64;
  o.n_heads = 2;
  o.n_heads_kv = 1;
  o.n_feed_forward = 40;
  o.n_context = 128;
  o.tied = tied;
  o.seed = 5;
  write_scratch_model(o);
  return o.path;
}

FullTrainerOptions options_for(const std::string& path, int threads = 2) {
  FullTrainerOptions o;
  o.path = path;
  o.threads = threads;
  o.half_products = false;
  return o;
}

void check_gradients(const FullTrainerOptions& options, const TrainBatch& b) {
  FullTrainer trainer(options);
  test::randomise(trainer.parameters().all());
  trainer.refresh();
  trainer.accumulate(b);
  trainer.gather();
  test::check_gradients(trainer, trainer.parameters().all(), b, [&] { trainer.refresh(); });
}

/** Columns and features of 64 ids. */
FullTrainerOptions table_options() {
  FullTrainerOptions o = options_for(scratch_model(false));
  o.columns.n = 3;
  o.features.n = 5;
  o.features.offsets = {0};
  for (int id = 0; id < 64; id++) {
    o.columns.of.push_back(id % 4 - 1);
    for (int f = 0; f < o.features.n; f++) {
      if ((id + f) % 3 == 0) continue;
      o.features.indices.push_back(f);
      o.features.values.push_back(0.1f * static_cast<float>((id * 7 + f) % 11));
    }
    o.features.offsets.push_back(static_cast<int32_t>(o.features.values.size()));
  }
  return o;
}

/** A batch whose columns are in no natural order. */
TrainBatch shuffled_batch() {
  TrainBatch b = make_batch(64);
  for (size_t i = 0; i < b.tokens.size(); i++) {
    b.next_columns.push_back(static_cast<int32_t>(i * i % 4) - 1);
  }
  return b;
}

TEST(gradients_of_all_weights_agree_with_finite_differences) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    check_gradients(options_for(test::write_tiny_model(architecture)), make_batch(64));
  }
  check_gradients(options_for(scratch_model()), make_batch(64));
  check_gradients(options_for(scratch_model(false)), make_batch(64));
}

TEST(gradients_of_all_weights_over_a_long_group_agree_with_finite_differences) {
  check_gradients(options_for(scratch_model()), make_batch(64, {300, 3}));
}

TEST(gradients_of_all_weights_over_sets_and_spread_targets_agree_with_finite_differences) {
  FullTrainerOptions o = options_for(scratch_model());
  o.vocabulary = {2, 3, 5, 7, 11, 12, 13, 14};
  o.allowed_sets = {{0, 5, 13}, {0, 1, 2, 3, 5, 0, 1, 2, 3, 4, 5, 6, 7}};
  TrainBatch b = make_batch(4);
  check_gradients(o, b);
  for (size_t i = 0; i < b.labels.size(); i++) {
    b.target_offsets.push_back(static_cast<int32_t>(b.target_labels.size()));
    for (int32_t label : {b.labels[i], (b.labels[i] + 1) % 4}) {
      b.target_labels.push_back(label);
      b.target_shares.push_back(label == b.labels[i] ? 0.7f : 0.3f);
    }
  }
  b.target_offsets.push_back(static_cast<int32_t>(b.target_labels.size()));
  check_gradients(o, b);
}

TEST(gradients_of_all_weights_with_dropout_agree_with_finite_differences) {
  FullTrainerOptions o = options_for(scratch_model());
  o.dropout = 0.2f;
  check_gradients(o, make_batch(64));
}

TEST(gradients_of_columns_and_features_agree_with_finite_differences) {
  check_gradients(table_options(), make_batch(64));
  check_gradients(table_options(), shuffled_batch());
}

TEST(gradients_in_halves_point_where_exact_ones_do) {
  FullTrainerOptions o = options_for(test::write_tiny_model("qwen3"));
  const TrainBatch b = make_batch(64, {9, 17, 5, 140});
  FullTrainer exact(o);
  o.half_products = true;
  FullTrainer rounded(o);
  for (FullTrainer* trainer : {&exact, &rounded}) {
    test::randomise(trainer->parameters().all());
    trainer->accumulate(b);
    trainer->gather();
  }
  const double error = test::relative_error(test::all_gradients(rounded.parameters().all()),
                                            test::all_gradients(exact.parameters().all()));
  CHECK_EQUAL(error > 0, half_products_pay());
  CHECK(error < 0.02);
  // What is measured is exact either way.
  const std::vector<float> losses = exact.evaluate(b), same = rounded.evaluate(b);
  for (size_t i = 0; i < losses.size(); i++) CHECK_EQUAL(losses[i], same[i]);
}

TEST(full_training_computes_the_losses_of_the_adapter_trainer) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    TrainerOptions o;
    o.path = test::write_tiny_model(architecture);
    o.adapter.targets = {"q"};
    o.weights = GGML_TYPE_F32;
    Trainer reference(o);
    FullTrainer trainer(options_for(o.path));
    const TrainBatch b = make_batch(64, {9, 17, 5, 140});
    const std::vector<float> expected = reference.evaluate(b), losses = trainer.evaluate(b);
    for (size_t i = 0; i < losses.size(); i++) CHECK_NEAR(losses[i], expected[i], 2e-4);
  }
}

TEST(full_training_gives_the_same_gradients_on_any_number_of_threads) {
  const std::string path = test::write_tiny_model("qwen3");
  const TrainBatch b = make_batch(64, {9, 17, 5, 16, 30, 2, 2, 40});
  FullTrainer one(options_for(path, 1)), three(options_for(path, 3));
  const std::vector<float> a = one.accumulate(b), c = three.accumulate(b);
  for (size_t i = 0; i < a.size(); i++) CHECK_NEAR(a[i], c[i], 1e-5);
  three.gather();
  for (size_t k = 0; k < one.parameters().all().size(); k++) {
    const Parameter &p = one.parameters().all()[k], &q = three.parameters().all()[k];
    for (size_t i = 0; i < p.n; i++) CHECK_NEAR(p.gradient[i], q.gradient[i], 1e-5);
  }
}

TEST(full_training_learns_a_batch_by_heart_and_its_state_goes_on_exactly) {
  const FullTrainerOptions o = options_for(scratch_model());
  FullTrainer trainer(o), resumed(o);
  test::check_learning(trainer, resumed, make_batch(64), kAdamW);
}

TEST(full_training_with_columns_features_and_averages_goes_on_exactly) {
  FullTrainerOptions o = table_options();
  o.average_decay = 0.8f;
  FullTrainer trainer(o), resumed(o);
  test::check_learning(trainer, resumed, shuffled_batch(), kAdamW);
}

TEST(the_average_of_weights_is_that_of_the_updates_by_their_age) {
  FullTrainerOptions o = table_options();
  o.average_decay = 0.75f;
  FullTrainer trainer(o);
  const TrainBatch b = shuffled_batch();
  std::vector<double> sum(trainer.n_parameters());
  double mass = 0;
  for (int step = 0; step < 5; step++) {
    trainer.accumulate(b);
    trainer.update(kAdamW);
    mass = 0.75 * mass + 1;
    size_t i = 0;
    for (const Parameter& p : trainer.parameters().all()) {
      for (size_t k = 0; k < p.n; k++, i++) sum[i] = 0.75 * sum[i] + p.value[k];
    }
  }
  const std::vector<float> averages = trainer.parameters().averages();
  for (size_t i = 0; i < sum.size(); i++) CHECK_NEAR(averages[i], sum[i] / mass, 1e-5);
}

TEST(columns_features_and_averages_are_folded_into_the_model_that_is_saved) {
  FullTrainerOptions o = table_options();
  o.average_decay = 0.5f;
  FullTrainer trainer(o);
  const TrainBatch natural = make_batch(64);
  const TrainBatch shuffled = shuffled_batch();
  for (int step = 0; step < 5; step++) {
    trainer.accumulate(shuffled);
    trainer.update(kAdamW);
  }
  const std::string path = test::temporary("folded.gguf");
  trainer.save(path, {}, "");
  // the adapter's trainer knows nothing of columns
  TrainerOptions plain;
  plain.path = path;
  plain.adapter.targets = {"q"};
  plain.weights = GGML_TYPE_F32;
  const std::vector<float> expected = trainer.evaluate(natural);
  const std::vector<float> found = Trainer(plain).evaluate(natural);
  for (size_t i = 0; i < found.size(); i++) CHECK_NEAR(found[i], expected[i], 2e-4);
  FullTrainer reopened(options_for(path));
  for (const TrainBatch& b : {natural, shuffled}) {
    const std::vector<float> before = trainer.evaluate(b), after = reopened.evaluate(b);
    for (size_t i = 0; i < before.size(); i++) CHECK_NEAR(after[i], before[i], 1e-5);
  }
}

TEST(columns_and_features_that_do_not_fit_the_model_are_refused) {
  FullTrainerOptions tied = table_options(), few = table_options(), unknown = table_options(),
                     strange = table_options();
  tied.path = scratch_model(true);
  few.features.offsets.pop_back();
  unknown.columns.of[7] = 3;
  strange.features.indices[7] = 5;
  for (const FullTrainerOptions& o : {tied, few, unknown, strange}) {
    CHECK_REFUSED("E_USAGE", "", FullTrainer{o});
  }
  FullTrainer trainer(options_for(scratch_model()));
  CHECK_REFUSED("E_USAGE", "next column", trainer.evaluate(shuffled_batch()));
}

TEST(a_trained_model_is_saved_whole) {
  const TrainBatch b = make_batch(64);
  FullTrainer trainer(options_for(scratch_model()));
  test::randomise(trainer.parameters().all());
  const std::vector<float> losses = trainer.evaluate(b);
  const std::string path = test::temporary("saved.gguf");
  for (const auto& [type, tolerance] : {std::pair{"f32", 0.0}, {"f16", 0.02}, {"q8_0", 0.1}}) {
    trainer.save(path, {{"note", "tiny"}}, type);
    CHECK_EQUAL(GgufFile(path, "model").text("harmonic.note"), "tiny");
    FullTrainer reopened(options_for(path));
    const std::vector<float> again = reopened.evaluate(b);
    for (size_t i = 0; i < losses.size(); i++) CHECK_NEAR(again[i], losses[i], tolerance);
  }
}

TEST(sizes_that_are_no_model_are_refused) {
  ScratchOptions o;
  o.path = test::temporary("refused.gguf");
  o.n_vocabulary = 64, o.n_layers = 1, o.n_embedding = 30, o.n_heads = 4, o.n_heads_kv = 4;
  o.n_feed_forward = 8, o.n_context = 16;
  CHECK_REFUSED("E_USAGE", "nEmbedding", write_scratch_model(o));
}

}  // namespace
}  // namespace harmonic
