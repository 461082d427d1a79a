import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { benchmarkCache } from "./cache";
import { runProcess } from "./process";

const BUILD_TIMEOUT_MS = 60 * 60_000;
const SOURCE = join(__dirname, "..", "..", "third_party", "llama.cpp");

const OPTIONS = {
  CMAKE_BUILD_TYPE: "Release",
  BUILD_SHARED_LIBS: "OFF",
  GGML_NATIVE: "ON",
  GGML_CCACHE: "OFF",
  LLAMA_BUILD_TESTS: "OFF",
  LLAMA_BUILD_EXAMPLES: "OFF",
  LLAMA_BUILD_APP: "OFF",
  LLAMA_OPENSSL: "OFF",
  LLAMA_USE_PREBUILT_UI: "OFF",
};

/**
 * Path of llama.cpp's own server, built for this very processor from the source that the project's build unpacks, in a
 * folder outside the tree; about 200 files, a quarter of an hour on two cores, once for a commit.
 */
export async function llamaServer(): Promise<string> {
  const commit = (
    await runProcess(["git", "-C", SOURCE, "-c", "safe.directory=*", "rev-parse", "HEAD"])
  ).trim();
  const folder = benchmarkCache(`llama-server-${commit.slice(0, 12)}`);
  const server = join(folder, "bin", "llama-server");
  if (!existsSync(server)) {
    console.error(`-- building llama.cpp's server in ${folder}`);
    await mkdir(folder, { recursive: true });
    const options = Object.entries(OPTIONS).map(([key, value]) => `-D${key}=${value}`);
    await runProcess(["cmake", "-S", SOURCE, "-B", folder, "-G", "Ninja", ...options]);
    await runProcess(["cmake", "--build", folder, "--target", "llama-server"], {}, BUILD_TIMEOUT_MS);
  }
  return server;
}
