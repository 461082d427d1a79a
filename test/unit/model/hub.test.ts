import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fetchHubFile, parseHubFile } from "../../../src/model/hub";
import { resolveBase } from "../../../src/model/resolve";
import { temporaryFolder, withEnvironment } from "../../support/temporary";

const cache = temporaryFolder();
const CONTENT = Buffer.from("GGUF" + "x".repeat(100_000));

/** Serves one file as the hub does: /owner/repo/resolve/revision/path, ranges included. */
function answer(requests: string[]) {
  return (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === "/someone/cut-off/resolve/main/model.gguf") {
      response.writeHead(206, { etag: '"1"', "content-range": `bytes 0-0/${CONTENT.length + 5}` });
      response.end(CONTENT);
      return;
    }
    if (request.url !== "/someone/tiny/resolve/main/sub/model.gguf") {
      response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end();
      return;
    }
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
    const [from, to] = range ? [Number(range[1]), Number(range[2])] : [0, CONTENT.length - 1];
    response.writeHead(range ? 206 : 200, {
      etag: '"abc"',
      "content-type": "application/octet-stream",
      "content-range": `bytes ${from}-${to}/${CONTENT.length}`,
    });
    response.end(CONTENT.subarray(from, to + 1));
  };
}

describe("fetchHubFile", () => {
  const requests: string[] = [];
  let server: Server;
  withEnvironment({ XDG_CACHE_HOME: cache, HF_ENDPOINT: undefined, HF_TOKEN: undefined });

  beforeAll(async () => {
    server = createServer(answer(requests));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    process.env.HF_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    requests.length = 0;
  });

  it("downloads from HF_ENDPOINT with progress, then uses the cache", async () => {
    const seen: number[] = [];
    const base = "hf:someone/tiny/sub/model.gguf";
    const found = await resolveBase(base, { onProgress: (progress) => seen.push(progress.done) });
    expect(found.name).toBe(base);
    expect(found.path).toBe(join(cache, "harmonic/models/hf/someone/tiny/main/sub/model.gguf"));
    expect(readFileSync(found.path).equals(CONTENT)).toBe(true);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(requests.length).toBeGreaterThan(0);
    requests.length = 0;
    await resolveBase(base);
    expect(requests).toEqual([]);
  });

  it("says that a file does not exist", async () => {
    await expect(resolveBase("hf:someone/tiny/missing.gguf")).rejects.toMatchObject({
      code: "E_IO",
      message: "hf:someone/tiny/missing.gguf does not exist at revision main",
    });
  });

  it("keeps nothing of a download that ended early", async () => {
    const wanted = parseHubFile("hf:someone/cut-off/model.gguf");
    await expect(fetchHubFile(wanted)).rejects.toMatchObject({ code: "E_IO" });
    expect(existsSync(join(cache, "harmonic/models/hf/someone/cut-off/main/model.gguf"))).toBe(false);
  });

  it("says that there is no network", async () => {
    process.env.HF_ENDPOINT = "http://127.0.0.1:1";
    await expect(resolveBase("hf:someone/other/model.gguf")).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringContaining("hf:someone/other/model.gguf cannot be downloaded"),
      hint: expect.stringContaining("network"),
    });
  });

  it("ends early where the signal fires", async () => {
    const control = { signal: AbortSignal.abort() };
    const wanted = parseHubFile("hf:someone/tiny/other.gguf");
    await expect(fetchHubFile(wanted, control)).rejects.toMatchObject({ code: "E_ABORTED" });
  });
});

describe("parseHubFile", () => {
  it("takes an owner, a repository, a path and perhaps a revision", () => {
    expect(parseHubFile("hf:a/b/c/d.gguf")).toEqual({ repo: "a/b", file: "c/d.gguf", revision: "main" });
    expect(parseHubFile("hf:a/b/d.gguf@v1")).toEqual({ repo: "a/b", file: "d.gguf", revision: "v1" });
  });

  it.each(["hf:", "hf:a/b", "hf:a//c.gguf", "hf:a/b/../../c.gguf"])("refuses %s", (text) => {
    expect(() => parseHubFile(text)).toThrow(
      `expected hf:owner/repo/file.gguf for \`base\` but received ${text}`,
    );
  });
});
