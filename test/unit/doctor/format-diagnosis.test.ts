import type { Diagnosis } from "../../../src/doctor/diagnose";
import { formatDiagnosis } from "../../../src/doctor/format-diagnosis";

const diagnosis: Diagnosis = {
  versions: { harmonic: "0.1.0", llama: "v0.5.0-de3ff81" },
  platform: "linux-x64",
  cpu: { model: "A Processor", cores: 2, features: ["AVX2", "FMA"] },
  memory: { total: 24e9, free: 20.5e9 },
  backends: [
    {
      kind: "cuda",
      parts: [
        { name: "CUDA backend", found: true, detail: "/here/libggml-cuda.so" },
        { name: "NVIDIA driver", found: false, detail: "libcuda.so.1: no such file", install: "install it" },
      ],
      devices: [],
    },
  ],
  neighborGpus: 0,
  device: { kind: "cpu", description: "the processor", note: "CUDA lacks the NVIDIA driver" },
  models: [{ name: "smollm2-135m", size: 98_362_432, path: null }],
};

it("tells line by line what is there, what is missing and how to get it", () => {
  expect(formatDiagnosis(diagnosis)).toBe(`harmonic   0.1.0
llama      v0.5.0-de3ff81
platform   linux-x64

CPU        A Processor, 2 cores
           AVX2 FMA
memory     20.50 GB free of 24.00 GB
neighbours CPU (Faiss without its GPU part: build with HARMONIC_FAISS_GPU)

CUDA
  ok  CUDA backend: /here/libggml-cuda.so
  --  NVIDIA driver: libcuda.so.1: no such file
      install it

models
  --  smollm2-135m: not here, 99 MB
      harmonic model pull smollm2-135m

device: cpu (CUDA lacks the NVIDIA driver)
`);
});
