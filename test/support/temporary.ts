import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder that is removed after the tests of the file that asked for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "harmonic-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Sets environment variables for each test of the block, and puts back what was there. */
export function withEnvironment(variables: Record<string, string | undefined>): void {
  const before: Record<string, string | undefined> = {};
  const set = (values: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  beforeEach(() => {
    for (const name of Object.keys(variables)) before[name] = process.env[name];
    set(variables);
  });
  afterEach(() => set(before));
}
