import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** Path of a Chromium on this machine; undefined where there is none. */
export function findBrowser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const given = process.env["HARMONIC_TEST_BROWSER"];
  const all = [
    ...(given ? [given] : []),
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
  ];
  return all.find((path) => existsSync(path));
}

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A page of a headless browser, driven by Chrome's protocol over a pipe. */
export class BrowserPage {
  /** console errors, exceptions and log entries, as they came */
  readonly errors: string[] = [];
  /** addresses that the page asked for, the page itself among them */
  readonly requests: string[] = [];
  private readonly waiting = new Map<number, (message: Message) => void>();
  private nextId = 1;
  private session: string | undefined;
  private rest = "";
  private onLoad = (): void => {};

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
  ) {
    (child.stdio[4] as Readable).on("data", (data: Buffer) => this.receive(data.toString()));
  }

  /** Opens a file and waits until the page has marked itself as drawn. */
  static async open(browser: string, path: string): Promise<BrowserPage> {
    const profile = mkdtempSync(join(tmpdir(), "harmonic-browser-"));
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-dev-shm-usage",
    ];
    const child = spawn(browser, [...flags, "--remote-debugging-pipe", `--user-data-dir=${profile}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const page = new BrowserPage(child, profile);
    const { targetId } = await page.send("Target.createTarget", { url: "about:blank" });
    page.session = (await page.send("Target.attachToTarget", { targetId, flatten: true }))
      .sessionId as string;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.send(`${domain}.enable`);
    const loaded = new Promise<void>((resolve) => (page.onLoad = resolve));
    await page.send("Page.navigate", { url: `file://${path}` });
    await loaded;
    await page.evaluate(`new Promise((resolve) => {
      const look = () => document.documentElement.dataset.drawn ? resolve(true) : setTimeout(look, 50);
      look();
    })`);
    return page;
  }

  /** The value of a JavaScript expression in the page, a promise's once it is there. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** Sets the window's width and the reader's preference of colours, or print. */
  async show({
    width,
    scheme,
    media = "",
  }: {
    width: number;
    scheme: string;
    media?: string;
  }): Promise<void> {
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: false };
    await this.send("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.send("Emulation.setEmulatedMedia", { media, features });
  }

  /** The whole page, or its part of these pixels, as PNG. */
  async screenshot(clip?: { x: number; y: number; width: number; height: number }): Promise<Buffer> {
    const area = clip ? { clip: { ...clip, scale: 1 } } : {};
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true, ...area });
    return Buffer.from(data as string, "base64");
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill();
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** One command of the protocol. */
  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = this.nextId++;
    const answer = new Promise<Message>((resolve) => this.waiting.set(id, resolve));
    const message = { id, method, params, ...(this.session ? { sessionId: this.session } : {}) };
    (this.child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Messages end in a zero byte. */
  private receive(text: string): void {
    const messages = (this.rest + text).split("\0");
    this.rest = messages.pop()!;
    for (const json of messages) {
      const message = JSON.parse(json) as Message;
      if (message.id !== undefined) {
        this.waiting.get(message.id)?.(message);
        this.waiting.delete(message.id);
      } else this.note(message);
    }
  }

  private note({ method, params }: Message): void {
    const isError = method === "Runtime.consoleAPICalled" && params!.type === "error";
    if (isError || method === "Runtime.exceptionThrown" || method === "Log.entryAdded") {
      this.errors.push(JSON.stringify(params));
    }
    if (method === "Page.loadEventFired") this.onLoad();
    if (method === "Network.requestWillBeSent") {
      this.requests.push((params!.request as { url: string }).url);
    }
  }
}
