// A backend of ggml for tests: a card that computes by the CPU backend, in a memory of its own, and
// fails as cards do. It is loaded as any other is, by `harmonic --device metal` where its folder is
// HARMONIC_BACKENDS_DIR. The environment of the process says what happens:
//   HARMONIC_FAULTY_MEMORY      bytes that it has [1e9]
//   HARMONIC_FAULTY_FULL_AFTER  computations behind which another program has taken what is left
//                               [never]
//   HARMONIC_FAULTY_LOST_AFTER  computations behind which its driver is gone [never]
//   HARMONIC_FAULTY_WRONG       1: what a computation ends with is zero [0]
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "ggml-backend-impl.h"
#include "ggml-backend.h"

namespace {

int64_t setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoll(text) : otherwise;
}

struct Faults {
  const int64_t memory = setting("HARMONIC_FAULTY_MEMORY", 1'000'000'000);
  const int64_t full_after = setting("HARMONIC_FAULTY_FULL_AFTER", INT64_MAX);
  const int64_t lost_after = setting("HARMONIC_FAULTY_LOST_AFTER", INT64_MAX);
  const bool wrong = setting("HARMONIC_FAULTY_WRONG", 0) != 0;
};

const Faults faults;
std::atomic<int64_t> computed{0};
std::atomic<int64_t> used{0};  // bytes

/** As Vulkan's driver says it. */
void expect_driver() {
  if (computed > faults.lost_after) throw std::runtime_error("vk::Queue::submit: ErrorDeviceLost");
}

// ---- memory

ggml_backend_buffer_i of_host;  // what a buffer of the processor does

void free_buffer(ggml_backend_buffer_t buffer) {
  used -= static_cast<int64_t>(buffer->size);
  of_host.free_buffer(buffer);
}

void set_tensor(ggml_backend_buffer_t buffer, ggml_tensor* tensor, const void* data, size_t offset,
                size_t size) {
  expect_driver();
  of_host.set_tensor(buffer, tensor, data, offset, size);
}

void get_tensor(ggml_backend_buffer_t buffer, const ggml_tensor* tensor, void* data, size_t offset,
                size_t size) {
  expect_driver();
  of_host.get_tensor(buffer, tensor, data, offset, size);
}

ggml_backend_buffer_t alloc_buffer(ggml_backend_buffer_type_t type, size_t size) {
  const auto wanted = static_cast<int64_t>(size);
  if (computed > faults.full_after || used + wanted > faults.memory) return nullptr;
  ggml_backend_buffer_t buffer =
      ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), size);
  if (buffer == nullptr) return nullptr;
  used += static_cast<int64_t>(buffer->size);
  of_host = buffer->iface;
  buffer->buft = type;
  buffer->iface.free_buffer = free_buffer;
  buffer->iface.set_tensor = set_tensor;
  buffer->iface.get_tensor = get_tensor;
  return buffer;
}

const char* type_name(ggml_backend_buffer_type_t) { return "Faulty"; }

size_t alignment(ggml_backend_buffer_type_t) {
  return ggml_backend_buft_get_alignment(ggml_backend_cpu_buffer_type());
}

ggml_backend_buffer_type_t memory_type(ggml_backend_dev_t device) {
  static ggml_backend_buffer_type type = [device] {
    ggml_backend_buffer_type made = {};
    made.iface.get_name = type_name;
    made.iface.alloc_buffer = alloc_buffer;
    made.iface.get_alignment = alignment;
    made.device = device;
    return made;
  }();
  return &type;
}

// ---- computing

ggml_backend_t processor_of(ggml_backend_t backend) {
  return static_cast<ggml_backend_t>(backend->context);
}

const char* backend_name(ggml_backend_t) { return "Faulty"; }

void free_backend(ggml_backend_t backend) {
  ggml_backend_free(processor_of(backend));
  delete backend;
}

ggml_status compute(ggml_backend_t backend, ggml_cgraph* graph) {
  computed++;
  expect_driver();
  const ggml_status status = ggml_backend_graph_compute(processor_of(backend), graph);
  ggml_tensor* last = ggml_graph_node(graph, -1);
  if (faults.wrong) std::memset(last->data, 0, ggml_nbytes(last));
  return status;
}

ggml_backend_t open_backend(ggml_backend_dev_t device, const char*) {
  static ggml_guid guid = {'f', 'a', 'u', 'l', 't', 'y', ' ', 'd', 'e', 'v', 'i', 'c', 'e'};
  ggml_backend_i iface = {};
  iface.get_name = backend_name;
  iface.free = free_backend;
  iface.graph_compute = compute;
  ggml_backend_t processor = ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr);
  return new ggml_backend{&guid, iface, device, processor};
}

// ---- the device

const char* device_name(ggml_backend_dev_t) { return "FAULTY0"; }
const char* device_description(ggml_backend_dev_t) { return "a faulty card"; }

void device_memory(ggml_backend_dev_t, size_t* free, size_t* total) {
  *total = static_cast<size_t>(faults.memory);
  *free = static_cast<size_t>(faults.memory - used);
}

enum ggml_backend_dev_type device_type(ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_GPU; }

void device_props(ggml_backend_dev_t device, ggml_backend_dev_props* props) {
  *props = {};
  props->name = device_name(device);
  props->description = device_description(device);
  props->type = device_type(device);
  device_memory(device, &props->memory_free, &props->memory_total);
}

bool supports_op(ggml_backend_dev_t, const ggml_tensor* op) {
  return ggml_backend_dev_supports_op(ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU), op);
}

bool supports_memory(ggml_backend_dev_t device, ggml_backend_buffer_type_t type) {
  return type == memory_type(device);
}

const char* registry_name(ggml_backend_reg_t) { return "MTL"; }
size_t device_count(ggml_backend_reg_t) { return 1; }

ggml_backend_dev_t device_at(ggml_backend_reg_t registry, size_t) {
  static ggml_backend_device device = [registry] {
    ggml_backend_device made = {};
    made.iface.get_name = device_name;
    made.iface.get_description = device_description;
    made.iface.get_memory = device_memory;
    made.iface.get_type = device_type;
    made.iface.get_props = device_props;
    made.iface.init_backend = open_backend;
    made.iface.get_buffer_type = memory_type;
    made.iface.supports_op = supports_op;
    made.iface.supports_buft = supports_memory;
    made.reg = registry;
    return made;
  }();
  return &device;
}

ggml_backend_reg_t registry() {
  static ggml_backend_reg made = {
      GGML_BACKEND_API_VERSION, {registry_name, device_count, device_at, nullptr}, nullptr};
  return &made;
}

}  // namespace

GGML_BACKEND_DL_IMPL(registry)
