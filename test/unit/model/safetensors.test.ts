import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors, safetensorsBytes } from "../../../src/model/safetensors";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const path = join(folder, "a.safetensors");

/** A file with this header, whatever it says, and data. */
function write(header: unknown, data: Buffer): void {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path, Buffer.concat([length, json, data]));
}

describe("safetensors", () => {
  it("come back as they were written, the data aligned to 8 bytes", async () => {
    const tensors = [
      { name: "é.weight", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, Infinity) },
      { name: "b", shape: [1], data: Float32Array.of(7) },
    ];
    const bytes = safetensorsBytes(tensors);
    expect(Number(bytes.readBigUInt64LE(0)) % 8).toBe(0);
    writeFileSync(path, bytes);
    expect(await readSafetensors(path)).toEqual(tensors);
  });

  it("of F16 and BF16 are read as F32", async () => {
    // 1, -2, the smallest subnormal, infinity in F16; 1, -2, 3.140625 in BF16
    const data = Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x3f80, 0xc000, 0x4049).buffer);
    write(
      {
        __metadata__: { format: "pt" },
        half: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
        brain: { dtype: "BF16", shape: [3], data_offsets: [8, 14] },
      },
      data,
    );
    const [half, brain] = await readSafetensors(path);
    expect([...half!.data]).toEqual([1, -2, 2 ** -24, Infinity]);
    expect([...brain!.data]).toEqual([1, -2, 3.140625]);
  });

  it.each<[string, () => void]>([
    ["cut in the header", () => writeFileSync(path, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 123]))],
    [
      "shorter than its data",
      () => write({ a: { dtype: "F32", shape: [4], data_offsets: [0, 16] } }, Buffer.alloc(8)),
    ],
    [
      "whose sizes disagree",
      () => write({ a: { dtype: "F32", shape: [1], data_offsets: [0, 8] } }, Buffer.alloc(8)),
    ],
    ["without offsets", () => write({ a: { dtype: "F32", shape: [1] } }, Buffer.alloc(8))],
    ["of another format", () => writeFileSync(path, "PK\u0003\u0004 not one of them")],
    ["that is empty", () => writeFileSync(path, "")],
  ])("a file %s is refused", async (_name, make) => {
    make();
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(/a\.safetensors is no safetensors file, or is truncated/) as string,
    });
  });

  it("of another type are refused by name", async () => {
    write({ w: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, Buffer.alloc(8));
    await expect(readSafetensors(path)).rejects.toMatchObject({
      message: expect.stringMatching(/expected w to be F32, F16 or BF16 but it is I64/) as string,
    });
  });

  it("that are missing are an E_IO", async () => {
    await expect(readSafetensors(join(folder, "none"))).rejects.toMatchObject({ code: "E_IO" });
  });
});
