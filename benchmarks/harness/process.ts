import { spawn } from "node:child_process";

const TIMEOUT_MS = 10 * 60_000;
/** Of a failed process's stderr, what is told. */
const ERROR_LINES = 6;

/**
 * Runs a command and resolves to its stdout; stderr is kept for the error.
 * @throws Error with the end of stderr where it cannot be started, fails, or takes longer than `timeoutMs`, ten minutes
 */
export function runProcess(
  command: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(stdout);
      const tail = stderr.trim().split("\n").slice(-ERROR_LINES).join("\n");
      reject(new Error(`${signal ? `ended by ${signal}` : `exit code ${code}`}: ${tail}`));
    });
  });
}
